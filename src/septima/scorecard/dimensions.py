"""What dimensions are called on a card."""

from septima.schema import Text

_NAMES: dict[str, Text] = {
    "acquisition_channel": Text("channel of acquisition", "канал привлечения"),
    "age": Text("age in periods", "возраст в\u00a0периодах"),
    "alive": Text("still a customer", "ещё клиент"),
    "arm": Text("arm of the experiment", "группа эксперимента"),
    "campaign_id": Text("campaign", "кампания"),
    "carrier": Text("carrier", "перевозчик"),
    "category": Text("category", "категория"),
    "chain_id": Text("chain of messages", "цепочка сообщений"),
    "channel": Text("channel", "канал"),
    "cohort": Text("cohort of the first purchase", "когорта по\u00a0первой покупке"),
    "course": Text("course", "курс"),
    "column": Text("column", "столбец"),
    "currency": Text("currency", "валюта"),
    "department": Text("department", "подразделение"),
    "employee_id": Text("employee", "сотрудник"),
    "experiment_id": Text("experiment", "эксперимент"),
    "frequency": Text("frequency, 1–5", "частота, 1–5"),
    "from_department": Text("department before", "подразделение до"),
    "group": Text("group", "группа"),
    "kind": Text("kind", "вид"),
    "link_id": Text("link", "ссылка"),
    "method": Text("method", "метод"),
    "monetary": Text("money, 1–5", "сумма покупок, 1–5"),
    "online": Text("online", "онлайн"),
    "process": Text("process", "процесс"),
    "product_id": Text("product", "товар"),
    "promo_id": Text("promotion", "акция"),
    "quadrant": Text("quadrant of loyalty and sales", "квадрант лояльности и\u00a0продаж"),
    "question": Text("question", "вопрос"),
    "recency": Text("recency, 1–5", "давность, 1–5"),
    "region": Text("region", "регион"),
    "rfm_segment": Text("RFM segment", "сегмент RFM"),
    "role": Text("role", "должность"),
    "segment": Text("segment", "сегмент"),
    "severity": Text("severity", "серьёзность"),
    "step": Text("step", "шаг"),
    "source": Text("source of data", "источник данных"),
    "stage": Text("stage of the funnel", "этап воронки"),
    "survey_id": Text("survey", "опрос"),
    "table": Text("table", "таблица"),
    "theme": Text("theme of the answer", "тема ответа"),
    "to_department": Text("department after", "подразделение после"),
    "topic": Text("topic", "тема"),
}


def dimension_name(dimension: str) -> Text:
    """The name of a dimension in words; its id where it has none."""
    return _NAMES.get(dimension, Text(dimension, dimension))
