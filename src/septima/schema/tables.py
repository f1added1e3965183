"""The canonical tables of Septima.

Whatever the source calls things, after loading they are called as here. Loaders validate against
these declarations and the reference page of the documentation is written from them.
"""

from septima.schema.text import Text
from septima.schema.types import Column, Table, Type


def _column(
    name: str,
    type_: Type,
    en: str,
    ru: str,
    *,
    unit: str | None = None,
    required: bool = False,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    personal: bool = False,
    blank: str | None = None,
) -> Column:
    return Column(name, type_, Text(en, ru), unit, required, choices, minimum, maximum, personal, blank)


_CUSTOMER = _column("customer_id", "string", "The customer", "Клиент")
_EMPLOYEE = _column("employee_id", "string", "The employee who served", "Сотрудник, который обслуживал")
_DEPARTMENT = _column("department", "string", "The department that served", "Подразделение, которое обслуживало")
_CAMPAIGN = _column("campaign_id", "string", "The campaign it belongs to", "Кампания, к которой относится")
_CHANNEL = _column(
    "channel",
    "string",
    "Channel of sale or of the touch: web, store, email …",
    "Канал продажи или касания: web, store, email …",
)
_ONLINE = _column("online", "boolean", "True online, false in the physical world", "Истина — онлайн, ложь — офлайн")
_CURRENCY = _column(
    "currency", "string", "ISO 4217 code of the money columns", "Код валюты по ISO 4217 для денежных столбцов"
)

_COMMON = (
    _column("properties", "json", "Columns of the source that have no canonical name", "Столбцы источника, у которых нет канонического имени"),
    _column("source", "string", "Name of the source, from the mapping", "Имя источника, из сопоставления", required=True),
    _column("loaded_at", "timestamp", "When the row reached the lake", "Когда строка попала в хранилище", required=True),
)  # fmt: skip


def _key(name: str, en: str, ru: str) -> Column:
    return _column(name, "string", en, ru, required=True)


def _required(column: Column) -> Column:
    return Column(column.name, column.type, column.meaning, column.unit, required=True)


def _money(name: str, en: str, ru: str, *, required: bool = False, minimum: float | None = None) -> Column:
    return _column(name, "decimal", en, ru, unit="currency", required=required, minimum=minimum)


def _table(
    name: str, en: str, ru: str, *columns: Column, key: tuple[str, ...] | None = None, time: str | None = None
) -> Table:
    return Table(name, Text(en, ru), (*columns, *_COMMON), key or (columns[0].name,), time)


TABLES: dict[str, Table] = {
    declared.name: declared
    for declared in (
        _table(
            "customers", "People and companies who buy, or may", "Люди и компании, которые покупают или могут купить",
            _key("customer_id", "The customer", "Клиент"),
            _column("created_at", "timestamp", "First known", "Когда впервые стал известен"),
            _column("segment", "string", "Segment", "Сегмент"),
            _column("region", "string", "Region", "Регион"),
            _column("acquisition_channel", "string", "Channel that brought the customer", "Канал, который привёл клиента"),
            _column("referrer_id", "string", "Customer who recommended", "Клиент, который порекомендовал"),
            _column("name", "string", "Name", "Имя", personal=True),
            _column("email", "string", "E-mail address", "Адрес электронной почты", personal=True),
            _column("phone", "string", "Telephone number", "Номер телефона", personal=True),
            _column("birth_date", "date", "Date of birth", "Дата рождения", personal=True),
            _column("consent", "boolean", "Agreed to receive promotion", "Согласие на рекламные сообщения"),
            time="created_at",
        ),
        _table(
            "identities", "The names under which a customer is known in each system", "Под какими именами клиент известен в каждой системе",
            _required(_CUSTOMER),
            _key("id_type", "Kind of identifier: email, phone, cookie, card …", "Вид идентификатора: email, phone, cookie, card …"),
            _column("id_value", "string", "The identifier", "Идентификатор", required=True, personal=True),
            key=("customer_id", "id_type", "id_value"),
        ),
        _table(
            "orders", "Purchases", "Покупки",
            _key("order_id", "The order", "Заказ"),
            _CUSTOMER,
            _column("ordered_at", "timestamp", "When it was placed", "Когда оформлен", required=True),
            _CHANNEL,
            _ONLINE,
            _column("status", "string", "State of the order; cancelled ones bring no revenue", "Состояние заказа; отменённые не приносят выручки", choices=("new", "paid", "shipped", "completed", "cancelled", "returned")),
            _money("revenue", "Money for the order after discount", "Сумма заказа после скидки"),
            _money("cost", "Cost of the goods or service", "Себестоимость товара или услуги"),
            _money("discount", "Discount given", "Предоставленная скидка"),
            _CURRENCY,
            _column("promo_id", "string", "Promotion used", "Использованная акция"),
            _CAMPAIGN,
            _EMPLOYEE,
            time="ordered_at",
        ),
        _table(
            "order_items", "Lines of orders", "Строки заказов",
            _key("order_id", "The order", "Заказ"),
            _key("line", "Number of the line in the order", "Номер строки в заказе"),
            _column("product_id", "string", "The product", "Товар"),
            _column("quantity", "decimal", "Quantity", "Количество", minimum=0),
            _money("price", "Price of one unit", "Цена единицы"),
            _money("discount", "Discount on the line", "Скидка на строку"),
            _money("cost", "Cost of the line", "Себестоимость строки"),
            _CURRENCY,
            key=("order_id", "line"),
        ),
        _table(
            "products", "Goods and services", "Товары и услуги",
            _key("product_id", "The product", "Товар"),
            _column("name", "string", "Name", "Название"),
            _column("category", "string", "Category", "Категория"),
            _money("price", "List price", "Цена по прейскуранту", minimum=0),
            _money("cost", "Cost of one unit", "Себестоимость единицы", minimum=0),
            _CURRENCY,
        ),
        _table(
            "touches", "Every meeting of the company and a customer, in either direction", "Каждое соприкосновение компании и клиента в любом направлении",
            _key("touch_id", "The touch", "Касание"),
            _CUSTOMER,
            _column("at", "timestamp", "When it happened", "Когда произошло", required=True),
            _CHANNEL,
            _ONLINE,
            _column("direction", "string", "Who began: the company (out) or the customer (in)", "Кто начал: компания (out) или клиент (in)", choices=("in", "out")),
            _column("kind", "string", "What happened", "Что произошло", required=True, choices=("sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained", "impression", "visit", "store_visit", "call", "chat", "message", "meeting", "conversion", "other")),
            _DEPARTMENT,
            _EMPLOYEE,
            _CAMPAIGN,
            _column("chain_id", "string", "Chain of messages it belongs to", "Цепочка сообщений, к которой относится"),
            _column("link_id", "string", "Tracked link", "Отслеживаемая ссылка"),
            _column("message_id", "string", "The message, where one campaign writes to a customer more than once", "Сообщение, если одна кампания пишет клиенту несколько раз"),
            _column("topic", "string", "The question that it is about", "Вопрос, о котором оно"),
            _column("promotional", "boolean", "True for advertising, false for service messages", "Истина — реклама, ложь — служебное сообщение"),
            _money("cost", "Cost of the touch", "Стоимость касания", minimum=0),
            _CURRENCY,
            time="at",
        ),
        _table(
            "campaigns", "Campaigns of marketing and service", "Кампании маркетинга и сервиса",
            _key("campaign_id", "The campaign", "Кампания"),
            _column("name", "string", "Name", "Название"),
            _CHANNEL,
            _column("started_at", "timestamp", "Start", "Начало"),
            _column("ended_at", "timestamp", "End", "Окончание"),
            _money("budget", "Planned spend", "Плановый бюджет", minimum=0),
            _CURRENCY,
            time="started_at",
        ),
        _table(
            "spend", "Money spent on marketing", "Расходы на маркетинг",
            _column("date", "date", "Day", "День", required=True),
            _key("channel", "Channel", "Канал"),
            _column("campaign_id", "string", "Campaign; empty text for spend of the whole channel", "Кампания; пустая строка — расходы на канал целиком", required=True, blank=""),
            _money("amount", "Money spent", "Потрачено", required=True),
            _CURRENCY,
            key=("date", "channel", "campaign_id"),
            time="date",
        ),
        _table(
            "assignments", "Who was put into which arm of an experiment", "Кто попал в какую группу эксперимента",
            _key("experiment_id", "The experiment", "Эксперимент"),
            _required(_CUSTOMER),
            _column("arm", "string", "Group; «control» is the holdout that is left alone", "Группа; «control» — контрольная, с которой не работают", required=True),
            _column("assigned_at", "timestamp", "When the customer was assigned", "Когда клиент распределён", required=True),
            key=("experiment_id", "customer_id"),
            time="assigned_at",
        ),
        _table(
            "answers", "Answers to survey questions", "Ответы на вопросы опросов",
            _key("answer_id", "The answer", "Ответ"),
            _column("survey_id", "string", "The survey", "Опрос"),
            _column("response_id", "string", "The questionnaire as one person filled it in", "Анкета, заполненная одним человеком"),
            _column("instrument", "string", "Kind of questionnaire: nps, csi, c11, rapid …", "Вид анкеты: nps, csi, c11, rapid …", required=True),
            _column("question", "string", "Question within the instrument", "Вопрос анкеты", required=True),
            _CUSTOMER,
            _column("score", "number", "The grade, on the scale of the instrument", "Оценка по шкале анкеты"),
            _column("text", "string", "The answer in words", "Ответ словами", personal=True),
            _column("at", "timestamp", "When it was given", "Когда дан", required=True),
            _CHANNEL,
            _DEPARTMENT,
            _column("touch_id", "string", "The touch it speaks about", "Касание, о котором он"),
            time="at",
        ),
        _table(
            "complaints", "Complaints and claims", "Жалобы и претензии",
            _key("complaint_id", "The complaint", "Жалоба"),
            _CUSTOMER,
            _column("opened_at", "timestamp", "When it came", "Когда поступила", required=True),
            _column("responded_at", "timestamp", "When the customer was first answered", "Когда клиенту впервые ответили"),
            _column("closed_at", "timestamp", "When it was settled", "Когда урегулирована"),
            _CHANNEL,
            _column("category", "string", "What it is about", "О чём"),
            _DEPARTMENT,
            _column("severity", "string", "How serious", "Насколько серьёзна", choices=("low", "medium", "high", "critical")),
            _column("reopened", "boolean", "Was opened again", "Открыта повторно"),
            _column("order_id", "string", "The order it is about", "Заказ, о котором она"),
            time="opened_at",
        ),
        _table(
            "calls", "Telephone calls", "Телефонные звонки",
            _key("call_id", "The call", "Звонок"),
            _CUSTOMER,
            _column("at", "timestamp", "When it came", "Когда поступил", required=True),
            _column("waited_s", "number", "Waiting", "Ожидание", unit="s", minimum=0),
            _column("talked_s", "number", "Talking", "Разговор", unit="s", minimum=0),
            _column("answered", "boolean", "Was answered", "Отвечен"),
            _column("resolved", "boolean", "The question was settled in this call", "Вопрос решён в этом звонке"),
            _DEPARTMENT,
            _EMPLOYEE,
            time="at",
        ),
        _table(
            "deliveries", "Deliveries promised and made", "Обещанные и выполненные доставки",
            _key("delivery_id", "The delivery", "Доставка"),
            _column("order_id", "string", "The order", "Заказ"),
            _CUSTOMER,
            _column("promised_at", "timestamp", "By when it was promised", "К какому времени обещана"),
            _column("delivered_at", "timestamp", "When it arrived", "Когда доставлена"),
            _column("status", "string", "State", "Состояние", choices=("planned", "shipped", "delivered", "failed", "cancelled")),
            _column("in_full", "boolean", "Everything that was ordered arrived", "Доставлено всё, что заказано"),
            _column("intact", "boolean", "Arrived undamaged", "Доставлена неповреждённой"),
            _column("carrier", "string", "Who delivers", "Кто доставляет"),
            _column("region", "string", "Where to", "Куда"),
            time="promised_at",
        ),
        _table(
            "deals", "Sales opportunities", "Сделки",
            _key("deal_id", "The deal", "Сделка"),
            _CUSTOMER,
            _column("opened_at", "timestamp", "When work on it began", "Когда начата работа"),
            _column("closed_at", "timestamp", "When it was won or lost", "Когда выиграна или проиграна"),
            _money("amount", "Money of the deal", "Сумма сделки", minimum=0),
            _CURRENCY,
            _column("product_id", "string", "What is sold", "Что продаётся"),
            _CHANNEL,
            _EMPLOYEE,
            _column("outcome", "string", "How it ended", "Чем закончилась", choices=("open", "won", "lost")),
            time="closed_at",
        ),
        _table(
            "deal_stages", "Stages that deals went through", "Этапы, которые прошли сделки",
            _key("deal_id", "The deal", "Сделка"),
            _key("stage", "The stage", "Этап"),
            _column("entered_at", "timestamp", "When the stage began", "Когда этап начался", required=True),
            _column("left_at", "timestamp", "When it ended", "Когда закончился"),
            key=("deal_id", "stage", "entered_at"),
            time="entered_at",
        ),
        _table(
            "employees", "Employees", "Сотрудники",
            _key("employee_id", "The employee", "Сотрудник"),
            _column("name", "string", "Name", "Имя", personal=True),
            _column("department", "string", "Department", "Подразделение"),
            _column("role", "string", "Role", "Должность"),
            _column("manager_id", "string", "Whom he or she reports to", "Кому подчиняется"),
            _column("hired_at", "timestamp", "When hired", "Когда принят"),
            _column("left_at", "timestamp", "When left", "Когда уволился"),
            time="hired_at",
        ),
        _table(
            "trainings", "Trainings planned and passed", "Запланированное и пройденное обучение",
            _key("employee_id", "The employee", "Сотрудник"),
            _key("course", "The course", "Курс"),
            _column("planned_at", "timestamp", "By when it was planned", "К какому времени запланировано", required=True),
            _column("completed_at", "timestamp", "When completed", "Когда пройдено"),
            _column("score", "number", "Result of the test, from 0 to 1", "Результат проверки, от 0 до 1", minimum=0, maximum=1),
            key=("employee_id", "course", "planned_at"),
            time="planned_at",
        ),
        _table(
            "process_steps", "Steps of the modelled processes", "Шаги описанных процессов",
            _key("process", "The process", "Процесс"),
            _key("case_id", "One run of the process", "Один проход процесса"),
            _key("step", "The step", "Шаг"),
            _CUSTOMER,
            _DEPARTMENT,
            _column("due_at", "timestamp", "By when it is due", "Срок"),
            _column("done_at", "timestamp", "When it was done", "Когда выполнен"),
            key=("process", "case_id", "step"),
            time="due_at",
        ),
        _table(
            "milestones", "Milestones of the CRM programme", "Вехи программы CRM",
            _key("milestone_id", "The milestone", "Веха"),
            _column("kind", "string", "Kind: plan, roll-out, decision, goal …", "Вид: план, внедрение, решение, цель …"),
            _DEPARTMENT,
            _column("planned_at", "timestamp", "Planned for", "На когда запланирована", required=True),
            _column("done_at", "timestamp", "Reached", "Достигнута"),
            time="planned_at",
        ),
        _table(
            "accesses", "Who opened whose customer card", "Кто открывал чью карточку клиента",
            _required(_EMPLOYEE),
            _required(_CUSTOMER),
            _column("at", "timestamp", "When", "Когда", required=True),
            key=("employee_id", "customer_id", "at"),
            time="at",
        ),
        _table(
            "ledger", "Money of the company by account and day", "Деньги компании по счетам и дням",
            _column("date", "date", "Day", "День", required=True),
            _key("account", "Account: revenue, cost_of_goods, payroll …", "Счёт: revenue, cost_of_goods, payroll …"),
            _money("amount", "Sum of the day on the account", "Сумма за день по счёту", required=True),
            _CURRENCY,
            key=("date", "account"),
            time="date",
        ),
        _table(
            "plans", "Targets of KPIs by period and slice", "Цели показателей по периодам и срезам",
            _key("plan", "The plan, such as budget_2026", "План, например budget_2026"),
            _key("kpi", "Id of the KPI on the scorecard", "Код показателя на карте"),
            _column("grain", "string", "Length of the period", "Длина периода", required=True, choices=("day", "week", "month", "quarter", "year")),
            _column("date", "date", "A day of the period, such as its first", "День периода, например первый", required=True),
            _column("dimension", "string", "Dimension of the slice; empty text for the whole", "Измерение среза; пустая строка — цель целиком", required=True, blank=""),
            _column("member", "string", "Member of the dimension; empty text for the whole", "Значение измерения; пустая строка — цель целиком", required=True, blank=""),
            _column("target", "number", "The target, in the unit of the metric; money in the company’s currency", "Цель в единицах метрики; деньги — в валюте компании", required=True),
            key=("plan", "kpi", "grain", "date", "dimension", "member"),
            time="date",
        ),
        _table(
            "rates", "Rates at which money is converted, by day", "Курсы, по которым пересчитываются деньги, по дням",
            _column("date", "date", "Day from which the rate is in force", "День, с которого действует курс", required=True),
            _column("currency", "string", "Currency that is converted, ISO 4217", "Пересчитываемая валюта, ISO 4217", required=True),
            _column("to_currency", "string", "Currency into which it is converted, ISO 4217", "Валюта, в которую пересчитывают, ISO 4217", required=True),
            _column("rate", "number", "Units of the second currency for one of the first", "Единиц второй валюты за одну единицу первой", required=True, minimum=0),
            key=("date", "currency", "to_currency"),
            time="date",
        ),
    )
}  # fmt: skip


def table(name: str) -> Table:
    """The canonical table called `name`; KeyError, naming those there are, where it is none."""
    try:
        return TABLES[name]
    except KeyError:
        raise KeyError(f"no canonical table {name!r}; there are: {', '.join(TABLES)}") from None
