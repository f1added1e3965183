"""Answers with planted themes: each sentence has words of one theme and words that all themes share."""

from random import Random

TEMPLATES = {
    "ru": {
        "delivery": (
            ("доставка", "доставку", "доставили", "курьер", "курьера", "привезли", "посылка", "опоздал", "вовремя"),
            "{0} и {1}, очень долго ждали",
            "Мне понравилось, что {0}, но {1} не так",
            "{0}... {1}",
        ),
        "price": (
            ("цена", "цены", "дорого", "дешевле", "скидка", "скидки", "стоимость", "переплата"),
            "{0} и {1}, у других магазинов иначе",
            "В целом хорошо, но {0}, да и {1}",
            "{0}! {1}",
        ),
        "staff": (
            ("продавец", "продавцы", "консультант", "консультанты", "грубый", "вежливый", "хамство", "помогли"),
            "{0} и {1}, больше не приду",
            "Скажу только, что {0}, а также {1}",
            "{0}? {1}",
        ),
    },
    "en": {
        "delivery": (
            ("delivery", "delivered", "courier", "parcel", "late", "shipping", "arrived"),
            "The {0} and the {1} were what I remember",
            "I think that {0} was the reason, also {1}",
            "It was the {0}, and {1}",
        ),
        "price": (
            ("price", "prices", "expensive", "cheaper", "discount", "discounts", "cost"),
            "The {0} and the {1} were not what we expected",
            "I would say it is {0}, or just {1}",
            "It was about {0} with {1}",
        ),
        "staff": (
            ("staff", "assistant", "assistants", "rude", "polite", "manager", "smiled"),
            "The {0} and the {1} made me write this",
            "There is something about {0}, and about {1}",
            "It was their {0} and {1}",
        ),
    },
    "pt": {
        "delivery": (
            ("entrega", "entregue", "correios", "atraso", "atrasou", "transportadora"),
            "A {0} e o {1} não foram como eu queria",
            "Acho que {0} foi a razão, e também {1}",
            "Foi por causa de {0}, com {1}",
        ),
        "price": (
            ("preço", "preços", "caro", "barato", "desconto", "descontos"),
            "O {0} e o {1} não me agradaram",
            "Para mim está {0}, ou então {1}",
            "É só sobre {0} mesmo, e {1}",
        ),
        "staff": (
            ("vendedor", "vendedores", "grosseiro", "educado", "gerente", "atendente"),
            "O {0} e o {1} me fizeram escrever isto",
            "Há algo com {0}, e com {1} também",
            "Foi pelo {0} e pelo {1}",
        ),
    },
}


def planted(languages: tuple[str, ...], each: int, seed: int = 5) -> list[tuple[str, str, str]]:
    """`each` answers of every theme of the languages, shuffled: text, language, theme."""
    random = Random(seed)  # noqa: S311
    found = [
        (random.choice(templates).format(*random.sample(words, 2)), language, theme)
        for language in languages
        for theme, (words, *templates) in TEMPLATES[language].items()
        for _ in range(each)
    ]
    random.shuffle(found)
    return found
