"""What the values of the data are called for people: channels, kinds of touches, states, questionnaires."""

from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import yaml

from septima.schema import Text
from septima.scorecard.cascade.reading import FILE
from septima.web.common.language import current_language

TOUCHES = {
    "sent": Text("Message sent", "Сообщение отправлено"),
    "delivered": Text("Message delivered", "Сообщение доставлено"),
    "opened": Text("Message opened", "Сообщение открыто"),
    "clicked": Text("Link followed", "Переход по\u00a0ссылке"),
    "bounced": Text("Message bounced", "Сообщение не\u00a0дошло"),
    "unsubscribed": Text("Unsubscribed", "Отписка от\u00a0рассылки"),
    "complained": Text("Marked as spam", "Отметка «спам»"),
    "impression": Text("Advertisement shown", "Показ рекламы"),
    "visit": Text("Visit to the site", "Визит на\u00a0сайт"),
    "store_visit": Text("Visit to the store", "Визит в\u00a0магазин"),
    "call": Text("Call", "Звонок"),
    "chat": Text("Chat", "Чат"),
    "message": Text("Message", "Сообщение"),
    "meeting": Text("Meeting", "Встреча"),
    "conversion": Text("Conversion", "Целевое действие"),
    "other": Text("Touch", "Касание"),
}
ORDER_STATES = {
    "new": Text("new", "новый"),
    "paid": Text("paid", "оплачен"),
    "shipped": Text("shipped", "отправлен"),
    "completed": Text("completed", "выполнен"),
    "cancelled": Text("cancelled", "отменён"),
    "returned": Text("returned", "возвращён"),
}
DELIVERY_STATES = {
    "planned": Text("planned", "запланирована"),
    "shipped": Text("on its way", "в\u00a0пути"),
    "delivered": Text("delivered", "доставлена"),
    "failed": Text("failed", "не\u00a0удалась"),
    "cancelled": Text("cancelled", "отменена"),
}
SEVERITIES = {
    "low": Text("low", "низкая"),
    "medium": Text("medium", "средняя"),
    "high": Text("high", "высокая"),
    "critical": Text("critical", "критическая"),
}
OUTCOMES = {"open": Text("open", "открыта"), "won": Text("won", "выиграна"), "lost": Text("lost", "проиграна")}
CHANNELS = {
    "email": Text("e-mail", "почта"),
    "sms": Text("SMS", "SMS"),
    "push": Text("push message", "push-уведомление"),
    "web": Text("site", "сайт"),
    "app": Text("application", "приложение"),
    "store": Text("store", "магазин"),
    "call_centre": Text("call centre", "колл-центр"),
    "phone": Text("telephone", "телефон"),
    "chat": Text("chat", "чат"),
    "messenger": Text("messenger", "мессенджер"),
    "search": Text("search", "поиск"),
    "social": Text("social networks", "соцсети"),
    "partner": Text("partner", "партнёр"),
    "referral": Text("recommendation", "рекомендация"),
    "direct": Text("direct", "прямой переход"),
    "outdoor": Text("outdoor advertising", "наружная реклама"),
}
SEGMENTS = {
    "mass": Text("mass", "массовый"),
    "premium": Text("premium", "премиум"),
    "business": Text("business", "бизнес"),
}
IDENTIFIERS = {
    "email": Text("E-mail", "Почта"),
    "phone": Text("Telephone", "Телефон"),
    "card": Text("Card", "Карта"),
    "loyalty": Text("Loyalty number", "Номер в\u00a0программе лояльности"),
    "cookie": Text("Cookie", "Cookie"),
}
INSTRUMENTS = {
    "nps": Text("NPS", "NPS"),
    "nps_classic": Text("NPS, classic", "NPS, классический"),
    "csi": Text("CSI", "CSI"),
    "c11": Text("Loyalty, C11", "Лояльность, C11"),
    "rapid": Text("RAPID", "RAPID"),
    "feelings": Text("Expectation and experience", "Ожидание и\u00a0опыт"),
    "index": Text("Outside index", "Внешний индекс"),
}
QUESTIONS = {
    "recommend": Text("would recommend", "готовность рекомендовать"),
    "buy_again": Text("would buy again", "готовность купить снова"),
    "overall": Text("overall", "в\u00a0целом"),
    "quality": Text("quality", "качество"),
    "price": Text("price", "цена"),
    "service": Text("service", "обслуживание"),
    "delivery": Text("delivery", "доставка"),
    "expectation": Text("expected", "ожидание"),
    "experience": Text("experienced", "опыт"),
}
C11 = (
    Text("satisfied", "доволен"),
    Text("will keep buying", "продолжит покупать"),
    Text("would advise", "посоветует другим"),
    Text("always trusts the brand", "всегда доверяет марке"),
    Text("advertising matches the product", "реклама соответствует товару"),
    Text("easy to use", "удобно пользоваться"),
    Text("problems get solved", "проблемы решают"),
    Text("proud to own", "гордится, что владеет"),
    Text("treated with respect", "относятся с\u00a0уважением"),
    Text("exactly what is needed", "именно то, что нужно"),
    Text("cannot imagine life without it", "не\u00a0представляет жизни без этого"),
)
"""The eleven statements of C11, shortened, in the order of q01 … q11."""
FEELINGS = (
    Text("outrage", "возмущение"),
    Text("displeasure", "недовольство"),
    Text("satisfaction", "удовлетворение"),
    Text("joy", "радость"),
    Text("delight", "восторг"),
)
NPS_GROUPS = {
    "promoter": Text("promoter", "промоутер"),
    "passive": Text("passive", "нейтральный"),
    "detractor": Text("detractor", "критик"),
}
EVENTS = {
    "order": Text("Orders", "Заказы"),
    "touch": Text("Touches", "Касания"),
    "call": Text("Calls", "Звонки"),
    "complaint": Text("Complaints", "Жалобы"),
    "delivery": Text("Deliveries", "Доставки"),
    "deal": Text("Deals", "Сделки"),
    "answer": Text("Answers", "Ответы на\u00a0опросы"),
    "step": Text("Process steps", "Шаги процессов"),
    "opening": Text("Openings of the card", "Открытия карточки"),
}
PROCESSES = {
    "order_fulfilment": Text("Order fulfilment", "Исполнение заказа"),
    "complaint_handling": Text("Complaint handling", "Работа с\u00a0жалобой"),
    "confirm": Text("confirm", "подтвердить"),
    "pick": Text("pick", "собрать"),
    "hand_over": Text("hand over", "передать"),
    "register": Text("register", "зарегистрировать"),
    "answer": Text("answer", "ответить"),
    "investigate": Text("investigate", "разобраться"),
}


def called(words: dict[str, Text], value: Any) -> str:
    """The word for a value of the data, in the language of the request; the value itself where there is none."""
    if value is None or value == "":
        return ""
    known = words.get(str(value))
    return known.in_language(current_language()) if known else str(value)


def department_called(directory: Path, department: Any) -> str:
    """The name of a department by `cascade.yaml`, or as the data have it."""
    if not department:
        return ""
    return called(department_names(directory), department)


def department_names(directory: Path) -> dict[str, Text]:
    """Names of departments by the id that the data give them; empty where `cascade.yaml` gives none."""
    path = directory / FILE
    try:
        return _names(path, path.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=64)
def _names(path: Path, changed: int) -> dict[str, Text]:
    # A cascade with a mistake still names its departments; what is wrong with it is told where it is computed.
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}
    listed: Any = cast("dict[str, Any]", content).get("departments") if isinstance(content, dict) else None
    names: dict[str, Text] = {}
    for one in cast("list[Any]", listed) if isinstance(listed, list) else []:
        if isinstance(one, dict) and "id" in one:
            department = cast("dict[str, Any]", one)
            given: Any = department.get("name") or department["id"]
            words = cast("dict[str, Any]", given) if isinstance(given, dict) else {"en": given, "ru": given}
            first = str(next(iter(words.values()), department["id"]))
            names[str(department["id"])] = Text(str(words.get("en", first)), str(words.get("ru", first)))
    return names
