"""The rules of thumb about loyalty, as the methodology's article prints them: claims, each with its source."""

from dataclasses import dataclass
from typing import Literal

from septima.schema import Text


@dataclass(frozen=True)
class Quantity:
    """A quantity that loyal customers and others are compared by.

    `per_customer` is a mean over all customers of a group; `of_money` is made of sums of money.
    """

    name: Text
    unit: Literal["share", "ratio", "currency"]
    per_customer: bool = False
    of_money: bool = False


@dataclass(frozen=True)
class Claim:
    """A rule of thumb: what is said and by whom.

    `comparison` names the quantity of this company that stands beside it. `finding` says what the measured figure is,
    or why this company's data cannot tell.
    """

    key: str
    statement: Text
    source: Text
    comparison: str | None
    finding: Text


_ARTICLE = Text("the methodology’s article", "статья с\u00a0описанием методики")
_REICHHELD = Text(
    "the methodology’s article; +25 to +95 % of profits: Reichheld & Schefter, Harvard Business Review, 2000; by industry, of a "
    "customer’s net present value: Reichheld, The Loyalty Effect, 1996, p. 36",
    "статья с\u00a0описанием методики; +25–95\u00a0% прибыли: Reichheld & Schefter, Harvard Business Review, 2000; по\u00a0отраслям, "
    "о\u00a0приведённой стоимости клиента: Reichheld, The Loyalty Effect, 1996, с.\u00a036",
)
_MURPHY = Text(
    "the methodology’s article; what is usually attributed to Murphy & Murphy, Leading on the Edge of Chaos, 2002, is of profits and of "
    "costs cut by 10 %, not of sales and prices",
    "статья с\u00a0описанием методики; в\u00a0том, что обычно приписывают книге Murphy & Murphy, Leading on the Edge of Chaos, 2002, речь "
    "о\u00a0прибыли и\u00a0о\u00a0снижении затрат на\u00a010\u00a0%, а\u00a0не\u00a0о\u00a0продажах и\u00a0ценах",
)
_GALLUP = Text(
    "Gallup, as the methodology’s article cites it; its State of the American Consumer, 2014, is quoted otherwise: 13 % is by how much "
    "less than the average customer one who is actively disengaged brings",
    "Gallup, по\u00a0статье с\u00a0описанием методики; State of the American Consumer, 2014, цитируют иначе: на\u00a013\u00a0% меньше среднего "
    "приносит клиент, отвернувшийся от\u00a0компании",
)
_XEROX = Text(
    "the methodology’s article; of Xerox’s very satisfied customers against the satisfied ones: Heskett, Jones, Loveman, Sasser & "
    "Schlesinger, Harvard Business Review, 1994",
    "статья с\u00a0описанием методики; об\u00a0очень довольных клиентах Xerox против довольных: Heskett, Jones, Loveman, Sasser & "
    "Schlesinger, Harvard Business Review, 1994",
)


def _six(key: str, en: str, ru: str, comparison: str | None, finding: Text, source: Text = _ARTICLE) -> Claim:
    statement = Text(
        f"A loyal customer is six times likelier to {en}.", f"Лояльный клиент в\u00a0шесть раз вероятнее {ru}."
    )
    return Claim(f"six_{key}", statement, source, comparison, finding)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "retention",
        Text(
            "Five per cent more loyalty brings, in the long run, 95 % more profit per customer.",
            "Рост лояльности на\u00a05\u00a0% в\u00a0долгосрочной перспективе даёт +95\u00a0% прибыли на\u00a0клиента.",
        ),
        _REICHHELD,
        None,
        Text(
            "Change of profit per customer at the changed retention, by this company’s margin and retention.",
            "Изменение прибыли на\u00a0клиента при изменённом удержании, по\u00a0прибыли и\u00a0удержанию этой компании.",
        ),
    ),
    Claim(
        "price_cut",
        Text(
            "Two per cent more loyalty raises sales as a price cut of 10 % does.",
            "Рост лояльности на\u00a02\u00a0% увеличивает продажи так\u00a0же, как снижение цены на\u00a010\u00a0%.",
        ),
        _MURPHY,
        None,
        Text(
            "Change of profit were there so many more loyal customers. What a price cut would bring these data cannot tell: "
            "prices would have to be put to an experiment.",
            "Изменение прибыли, если лояльных клиентов станет настолько больше. Что дало\u00a0бы снижение цены, по\u00a0этим данным "
            "сказать нельзя: для этого нужен эксперимент с\u00a0ценами.",
        ),
    ),
    Claim(
        "discount",
        Text(
            "A loyal customer buys as an ordinary one does at a discount of 13 %.",
            "Лояльный клиент покупает так, как обычный\u00a0— со\u00a0скидкой 13\u00a0%.",
        ),
        _GALLUP,
        "discount",
        Text(
            "Discount of loyal customers, times that of others. Which discount would make others buy as much these data cannot "
            "tell without an experiment.",
            "Скидка лояльных клиентов относительно остальных. Какая скидка заставила\u00a0бы остальных покупать столько\u00a0же, без "
            "эксперимента сказать нельзя.",
        ),
    ),
    _six(
        "buy",
        "buy",
        "купит",
        "buy",
        Text("Share that bought, times that of others.", "Доля купивших относительно остальных."),
    ),
    _six(
        "notice",
        "notice advertising",
        "заметит рекламу",
        "opened",
        Text("Share of messages opened, times that of others.", "Доля открытых сообщений относительно остальных."),
    ),
    _six(
        "defend",
        "think better of the company and defend it",
        "будет лучше думать о\u00a0компании и\u00a0защищать её",
        "content",
        Text(
            "Share of content answers, times that of others. Whether customers defend the company these data do not tell.",
            "Доля довольных ответов относительно остальных. Защищают\u00a0ли клиенты компанию, по\u00a0этим данным не\u00a0видно.",
        ),
    ),
    _six(
        "again",
        "buy again",
        "купит снова",
        "buy_again",
        Text("Share of buyers who bought again, times that of others.", "Доля купивших снова относительно остальных."),
        _XEROX,
    ),
    _six(
        "resist",
        "resist competitors",
        "устоит перед предложением конкурентов",
        None,
        Text(
            "The data cannot tell: purchases from competitors are not recorded. A survey question could.",
            "По\u00a0данным сказать нельзя: покупки у\u00a0конкурентов не\u00a0записываются. Мог\u00a0бы ответить вопрос анкеты.",
        ),
    ),
    _six(
        "recommend",
        "recommend",
        "порекомендует компанию",
        "recommend",
        Text(
            "Share that brought a new customer, times that of others.",
            "Доля тех, кто привёл нового клиента, относительно остальных.",
        ),
    ),
    _six(
        "shares",
        "buy the company’s shares",
        "купит акции компании",
        None,
        Text(
            "The data cannot tell: who holds shares is not recorded.",
            "По\u00a0данным сказать нельзя: владельцы акций не\u00a0записываются.",
        ),
    ),
    _six(
        "dispute",
        "act in the company’s favour in a dispute",
        "поступит в\u00a0интересах компании в\u00a0споре",
        None,
        Text(
            "The data cannot tell: complaints are recorded, and not in whose favour a customer spoke.",
            "По\u00a0данным сказать нельзя: жалобы записываются, а\u00a0в\u00a0чью пользу высказался клиент\u00a0— нет.",
        ),
    ),
)
