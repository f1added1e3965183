"""What dimensions are called on a card."""

from septima.schema import Text

_NAMES: dict[str, Text] = {
    "acquisition_channel": Text("channel of acquisition", "канал привлечения"),
    "arm": Text("arm of the experiment", "группа эксперимента"),
    "campaign_id": Text("campaign", "кампания"),
    "carrier": Text("carrier", "перевозчик"),
    "category": Text("category", "категория"),
    "chain_id": Text("chain of messages", "цепочка сообщений"),
    "channel": Text("channel", "канал"),
    "course": Text("course", "курс"),
    "currency": Text("currency", "валюта"),
    "department": Text("department", "подразделение"),
    "employee_id": Text("employee", "сотрудник"),
    "experiment_id": Text("experiment", "эксперимент"),
    "from_department": Text("department before", "подразделение до"),
    "group": Text("group", "группа"),
    "kind": Text("kind", "вид"),
    "link_id": Text("link", "ссылка"),
    "online": Text("online", "онлайн"),
    "process": Text("process", "процесс"),
    "product_id": Text("product", "товар"),
    "promo_id": Text("promotion", "акция"),
    "question": Text("question", "вопрос"),
    "region": Text("region", "регион"),
    "role": Text("role", "должность"),
    "segment": Text("segment", "сегмент"),
    "severity": Text("severity", "серьёзность"),
    "step": Text("step", "шаг"),
    "stage": Text("stage of the funnel", "этап воронки"),
    "survey_id": Text("survey", "опрос"),
    "theme": Text("theme of the answer", "тема ответа"),
    "to_department": Text("department after", "подразделение после"),
    "topic": Text("topic", "тема"),
}


def dimension_name(dimension: str) -> Text:
    """The name of a dimension in words; its id where it has none."""
    return _NAMES.get(dimension, Text(dimension, dimension))
