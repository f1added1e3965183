"""Coordination: how many departments a customer meets, how often, and whether they know of one another.

A **contact** is one meeting of the company and a customer: a message delivered, a visit, a call, a chat, a meeting. That a
message was sent before and opened after is the same contact. Touches may be many, so every source cuts them by kind and
time first and sorts what is left no more than once.
"""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Rows, Source
from septima.metrics.sources import (
    all_known,
    count_true,
    days,
    records,
    total,
    total_of_products,
    within_bounds,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_TALKS = ("call", "chat", "message", "meeting")
_CONTACTS = ("delivered", "visit", "store_visit", *_TALKS)
_OF_CUSTOMERS = ("channel",)
_REPEATED_WITHIN_DAYS = 7
_OF_MESSAGES = ("channel", "department", "campaign_id")


def _contacts_by_customer(request: Request) -> ir.Table:
    """One row per customer and period; nobody's contacts make one row together.

    `contacts` and of them `placed`, with customer and department known; `touched`, `met` (by a known department) and
    `by_several` departments.
    """
    own = [name for name in request.by if name in _OF_CUSTOMERS]
    contacts = within_bounds(request, _contacts(request, _CONTACTS), "at")
    rows = contacts.group_by("customer_id", *own, period=request.period(contacts["at"])).aggregate(
        at=contacts["at"].min(),
        contacts=contacts.count(),
        placed=contacts["department"].count(),
        first=contacts["department"].min(),
        last=contacts["department"].max(),
    )
    identified = rows["customer_id"].notnull()
    return rows.mutate(
        touched=identified,
        met=identified & (rows["placed"] > 0),
        by_several=(identified & (rows["first"] != rows["last"])).fill_null(False),
        placed=identified.ifelse(rows["placed"], 0),
        identified=identified.ifelse(rows["contacts"], 0),
    ).drop("period", "first", "last")


def _contacts(request: Request, kinds: tuple[str, ...]) -> Rows:
    touches = request.rows("touches")
    return touches.filter(touches["kind"].isin(kinds))


def _outgoing(request: Request) -> Rows:
    """Contacts that the company began, with `usable` where it is known to whom and whether they advertise."""
    contacts = _contacts(request, ("delivered", *_TALKS))
    outgoing = (contacts["kind"] == "delivered") | (contacts["direction"] == "out").fill_null(False)
    rows = contacts.filter(outgoing, contacts["promotional"].fill_null(True))
    return rows.mutate(usable=all_known(rows, "customer_id", "promotional"))


def _promotional(request: Request) -> Rows:
    rows = _outgoing(request)
    return rows.filter(rows["usable"])


def _pressed(request: Request) -> ir.Table:
    """One row per customer and period with promotional contacts; `pressed` where they came too close to one another.

    More than N came within D days where the contact N before one of them lies no more than D days back.
    """
    touches, stretch = request.parameters["touches"], request.parameters["days"]
    own = [name for name in request.by if name in _OF_MESSAGES]
    rows = within_bounds(request, _promotional(request), "at", back=stretch)
    rows = rows.select("customer_id", *own, "at")
    before = rows["at"].lag(touches).over(group_by=["customer_id", *own], order_by="at")
    rows = rows.mutate(close=(rows["at"] <= before + ibis.literal(days(stretch))).fill_null(False))
    grouped = rows.group_by("customer_id", *own, period=request.period(rows["at"]))
    return grouped.aggregate(at=rows["at"].min(), pressed=rows["close"].any()).drop("period")


def _during_complaint(request: Request) -> ir.Table:
    """Promotional contacts with customers who had a complaint open at that moment."""
    rows = within_bounds(request, _promotional(request), "at")
    complaints = request.rows("complaints").select("customer_id", "opened_at", "closed_at")
    still = complaints["closed_at"].isnull() | (rows["at"] < complaints["closed_at"])
    same = rows["customer_id"] == complaints["customer_id"]
    return rows.semi_join(complaints, [same, complaints["opened_at"] <= rows["at"], still])


def _incoming(request: Request) -> ir.Table:
    """Talks that customers began and after which `days` days have passed in the data; `usable` and `repeated`.

    A talk of unknown beginner stands among them, not usable.
    """
    stretch = request.parameters["days"]
    touches = request.rows("touches")
    newest = touches["at"].max().as_scalar()
    talks = _contacts(request, _TALKS)
    talks = talks.filter((talks["direction"] == "in").fill_null(True))
    if request.start is not None:
        talks = talks.filter(talks["at"] >= request.moment(request.start))
    if request.end is not None:
        talks = talks.filter(talks["at"] < request.moment(request.end) + ibis.literal(days(stretch)))
    talks = talks.mutate(usable=all_known(talks, "customer_id", "direction"))
    # Nobody's talks stand each by itself: together they would be one heap to sort.
    whose = ibis.coalesce(talks["customer_id"], talks["touch_id"])
    following = talks["at"].lead().over(group_by=[whose, talks["topic"], talks["usable"]], order_by=talks["at"])
    until = talks["at"] + ibis.literal(days(stretch))
    talks = talks.mutate(repeated=talks["usable"] & (following <= until).fill_null(False), over=until <= newest)
    return talks.filter(talks["over"]).drop("over")


def _passages(request: Request) -> ir.Table:
    """Contacts that followed one of another department with the same customer within `days` days.

    Contacts of one moment follow one another by their ids.
    """
    stretch = request.parameters["days"]
    contacts = within_bounds(request, _contacts(request, _CONTACTS), "at", back=stretch)
    contacts = contacts.filter(all_known(contacts, "customer_id", "department"))
    contacts = contacts.select("touch_id", "customer_id", "channel", "at", to_department="department")
    order = ibis.window(group_by="customer_id", order_by=[contacts["at"], contacts["touch_id"]])
    contacts = contacts.mutate(
        from_department=contacts["to_department"].lag().over(order), before=contacts["at"].lag().over(order)
    )
    near = contacts["at"] <= contacts["before"] + ibis.literal(days(stretch))
    return contacts.filter(near, contacts["from_department"] != contacts["to_department"]).drop("before")


_BY_CUSTOMER = Source("contacts_by_customer", _contacts_by_customer, _OF_CUSTOMERS, of_customers=True)
_OUTGOING = Source("outgoing_contacts", _outgoing, _OF_MESSAGES, of_customers=True)
_PRESSED = Source("pressed_customers", _pressed, _OF_MESSAGES, of_customers=True, parameters=("touches", "days"))
_DURING_COMPLAINT = Source("advertising_during_complaints", _during_complaint, _OF_MESSAGES, of_customers=True)
_INCOMING = Source(
    "incoming_contacts",
    _incoming,
    ("channel", "department", "employee_id", "topic"),
    of_customers=True,
    parameters=("days",),
    settles_days=_REPEATED_WITHIN_DAYS,
)
_PASSAGES = Source(
    "passages", _passages, ("channel", "from_department", "to_department"), of_customers=True, parameters=("days",)
)

_MISSING_OUTGOING = {"usable": count_true(_OUTGOING, "usable"), "outgoing": records(_OUTGOING)}


def _by_several(cells: Cells, _: Parameters) -> Estimate:
    several, met = cells["by_several"], cells["met"]
    lower, upper = intervals.wilson(several, met)
    return Estimate(divide(several, met), met, lower, upper, estimates.missing(cells["placed"], cells["contacts"]))


def _per_customer(cells: Cells, _: Parameters) -> Estimate:
    customers, contacts = cells["customers"], cells["identified"]
    lower, upper = intervals.mean_t(contacts, cells["squares"], customers)
    missing = estimates.missing(contacts, cells["contacts"])
    return Estimate(divide(contacts, customers), customers, lower, upper, missing)


def _pressure(cells: Cells, _: Parameters) -> Estimate:
    pressed, customers = cells["pressed"], cells["customers"]
    lower, upper = intervals.wilson(pressed, customers)
    missing = estimates.missing(cells["usable"], cells["outgoing"])
    return Estimate(divide(pressed, customers), customers, lower, upper, missing)


def _flow(cells: Cells, _: Parameters) -> Estimate:
    passages = cells["passages"]
    lower, upper = intervals.poisson(passages)
    return Estimate(passages, passages, lower, upper, 1 - divide(passages, passages))


def _flow_share(cells: Cells, _: Parameters) -> Estimate:
    passages, whole = cells["passages"], cells.whole("passages", over="to_department")
    lower, upper = intervals.wilson(passages, whole)
    return Estimate(divide(passages, whole), whole, lower, upper, 1 - divide(whole, whole))


_CONTACT_DATA = ("touches.customer_id", "touches.at", "touches.kind")
_PROMOTION_DATA = (*_CONTACT_DATA, "touches.direction", "touches.promotional")
_HANDOVER = "van der Aalst, Reijers & Song, Discovering Social Networks from Event Logs, 2005 (handover of work)"

METRICS = (
    Metric(
        Passport(
            id="multi_department_customers",
            version=1,
            name=Text("Customers of several departments", "Клиенты нескольких подразделений"),
            description=Text(
                "Share of the customers met in the period whom two departments or more met.",
                "Доля клиентов, с\u00a0которыми за\u00a0период соприкасались, у\u00a0которых это были два подразделения или больше.",
            ),
            use=Text(
                "Shows for how many customers departments must agree with one another.",
                "Показывает, по\u00a0скольким клиентам подразделениям нужно договариваться между собой.",
            ),
            unit="share",
            direction="target",
            method=Text(
                "Customers who had contacts (delivered messages, visits, calls, chats, messages, meetings) with at least two "
                "departments in the period, divided by those who had any with a known department. Contacts without a customer "
                "or a department are missing.",
                "Клиенты, у\u00a0которых за\u00a0период были контакты (доставленные сообщения, визиты, звонки, чаты, переписка, "
                "встречи) хотя\u00a0бы с\u00a0двумя подразделениями, делённые на\u00a0всех, у\u00a0кого были контакты с\u00a0известным "
                "подразделением. Контакты без клиента или подразделения считаются пропусками.",
            ),
            formula="customers with ≥ 2 departments / customers with contacts",
            formula_source="Payne & Frow, A Strategic Framework for Customer Relationship Management, 2005 (cross-functional process)",
            interval=estimates.WILSON,
            primary_data=(*_CONTACT_DATA, "touches.department"),
            perspective="governance",
            group="coordination",
            owner_role=roles.CRM,
            minimum_sample=30,
        ),
        {
            "by_several": count_true(_BY_CUSTOMER, "by_several"),
            "met": count_true(_BY_CUSTOMER, "met"),
            "placed": total(_BY_CUSTOMER, "placed"),
            "contacts": total(_BY_CUSTOMER, "contacts"),
        },
        _by_several,
    ),
    Metric(
        Passport(
            id="touches_per_customer",
            version=1,
            name=Text("Contacts per customer", "Контакты на\u00a0клиента"),
            description=Text(
                "How many contacts, on average, a customer had who had any in the period.",
                "Сколько контактов в\u00a0среднем было за\u00a0период у\u00a0клиента, у\u00a0которого они были.",
            ),
            use=Text(
                "Shows how closely the company lives with its customers; read contact pressure beside it.",
                "Показывает, насколько тесно компания живёт с\u00a0клиентами; рядом смотрите давление контактами.",
            ),
            unit="ratio",
            direction="target",
            method=Text(
                "Contacts (delivered messages, visits, calls, chats, messages, meetings) divided by the customers who had "
                "them. Contacts without a customer are missing. n is the customers.",
                "Контакты (доставленные сообщения, визиты, звонки, чаты, переписка, встречи), делённые на\u00a0клиентов, у\u00a0которых "
                "они были. Контакты без клиента считаются пропусками. n\u00a0— число клиентов.",
            ),
            formula="contacts / customers with contacts",
            formula_source="Blattberg, Kim & Neslin, Database Marketing, 2008 (contact frequency)",
            interval=estimates.STUDENT,
            primary_data=_CONTACT_DATA,
            perspective="marketing",
            group="coordination",
            owner_role=roles.CRM,
            minimum_sample=30,
        ),
        {
            "customers": count_true(_BY_CUSTOMER, "touched"),
            "identified": total(_BY_CUSTOMER, "identified"),
            "squares": total_of_products(_BY_CUSTOMER, "identified", "identified"),
            "contacts": total(_BY_CUSTOMER, "contacts"),
        },
        _per_customer,
    ),
    Metric(
        Passport(
            id="contact_pressure",
            version=1,
            name=Text("Contact pressure", "Давление контактами"),
            description=Text(
                "Share of customers with advertising in the period who got too much of it in a few days.",
                "Доля клиентов, получавших за\u00a0период рекламу, которым за\u00a0несколько дней пришло её слишком много.",
            ),
            use=Text(
                "Departments that do not agree write to the same people; it grows before they unsubscribe.",
                "Несогласованные подразделения пишут одним и\u00a0тем\u00a0же людям; растёт раньше, чем от\u00a0рассылок отписываются.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Customers who got more than `touches` promotional contacts (delivered messages, outgoing calls, chats, "
                "messages, meetings) within any `days` days that end in the period, divided by those who got at least one in "
                "it. Sliced by channel, department or campaign, contacts are counted within each. Outgoing contacts without a "
                "customer, or of which it is not known whether they advertise, are missing.",
                "Клиенты, которым за\u00a0любые `days` дней, заканчивающиеся в\u00a0периоде, пришло больше `touches` рекламных контактов "
                "(доставленных сообщений, исходящих звонков, чатов, сообщений, встреч), делённые на\u00a0получивших за\u00a0него хотя\u00a0бы "
                "один. В\u00a0срезе по\u00a0каналу, подразделению или кампании контакты считаются внутри каждого. Исходящие контакты "
                "без клиента или без отметки, реклама\u00a0ли это, считаются пропусками.",
            ),
            formula="customers with > touches promotional contacts in days / customers with any",
            formula_source="Blattberg, Kim & Neslin, Database Marketing, 2008 (contact management)",
            interval=estimates.WILSON,
            primary_data=_PROMOTION_DATA,
            perspective="marketing",
            group="coordination",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"touches": 5, "days": 7},
        ),
        {"pressed": count_true(_PRESSED, "pressed"), "customers": records(_PRESSED), **_MISSING_OUTGOING},
        _pressure,
    ),
    Metric(
        Passport(
            id="promotional_touch_during_complaint",
            version=1,
            name=Text("Advertising during a complaint", "Реклама во\u00a0время жалобы"),
            description=Text(
                "Share of promotional contacts that reached a customer whose complaint was open.",
                "Доля рекламных контактов, пришедшихся на\u00a0клиента с\u00a0нерешённой жалобой.",
            ),
            use=Text(
                "Selling to somebody who waits for help shows that claims and marketing do not see one another.",
                "Если продают тому, кто ждёт помощи, значит, претензии и\u00a0маркетинг не\u00a0видят друг друга.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Promotional contacts (delivered messages, outgoing calls, chats, messages, meetings) with a customer who had "
                "a complaint open at that moment, divided by all promotional contacts of the period. A complaint that was never "
                "closed in the data stays open. Outgoing contacts without a customer, or of which it is not known whether they "
                "advertise, are missing.",
                "Рекламные контакты (доставленные сообщения, исходящие звонки, чаты, сообщения, встречи) с\u00a0клиентом, чья жалоба "
                "в\u00a0тот момент была открыта, делённые на\u00a0все рекламные контакты периода. Жалоба, закрытие которой не\u00a0записано, "
                "остаётся открытой. Исходящие контакты без клиента или без отметки, реклама\u00a0ли это, считаются пропусками.",
            ),
            formula="count(opened_at ≤ at < closed_at) / promotional contacts",
            formula_source="Tax, Brown & Chandrashekaran, Journal of Marketing, 1998 (treatment during a complaint)",
            interval=estimates.WILSON,
            primary_data=(
                *_PROMOTION_DATA,
                "complaints.customer_id",
                "complaints.opened_at",
                "complaints.closed_at",
            ),
            perspective="customer_support",
            group="coordination",
            owner_role=roles.MARKETING,
            minimum_sample=100,
        ),
        {"during": records(_DURING_COMPLAINT), **_MISSING_OUTGOING},
        estimates.share("during", "usable", "outgoing"),
    ),
    Metric(
        Passport(
            id="repeated_contact",
            version=1,
            name=Text("Repeated contacts", "Повторные обращения"),
            description=Text(
                "Share of contacts after which the customer came again with the same question.",
                "Доля обращений, после которых клиент пришёл снова с\u00a0тем\u00a0же вопросом.",
            ),
            use=Text(
                "What was not settled comes back; slice by topic, department and employee.",
                "Нерешённое возвращается; смотрите срезы по\u00a0темам, подразделениям и\u00a0сотрудникам.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Incoming calls, chats, messages and meetings followed by another of the same customer on the same topic within "
                "`days` days, whatever its channel, divided by all those after which so many days have passed in the data. "
                "Contacts of unknown topic have one topic together. Calls are taken from the touches only, so that none counts "
                "twice. Contacts without a customer, or of which it is not known who began, are missing.",
                "Входящие звонки, чаты, сообщения и\u00a0встречи, за\u00a0которыми в\u00a0течение `days` дней последовало обращение того\u00a0же "
                "клиента на\u00a0ту\u00a0же тему по\u00a0любому каналу, делённые на\u00a0все, после которых в\u00a0данных прошло столько дней. "
                "Обращения без темы составляют одну общую тему. Звонки берутся только из\u00a0касаний, чтобы ни\u00a0один не\u00a0считался "
                "дважды. Контакты без клиента или без отметки, кто начал, считаются пропусками.",
            ),
            formula="count(next on the topic ≤ at + days) / incoming contacts",
            formula_source="Dixon, Toman & DeLisi, The Effortless Experience, 2013 (repeat contacts)",
            interval=estimates.WILSON,
            primary_data=(*_CONTACT_DATA, "touches.direction", "touches.topic"),
            perspective="customer_support",
            group="coordination",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters={"days": _REPEATED_WITHIN_DAYS},
        ),
        {
            "repeated": count_true(_INCOMING, "repeated"),
            "usable": count_true(_INCOMING, "usable"),
            "contacts": records(_INCOMING),
        },
        estimates.share("repeated", "usable", "contacts"),
    ),
    Metric(
        Passport(
            id="department_flow",
            version=1,
            name=Text("Passages between departments", "Переходы между подразделениями"),
            description=Text(
                "How often a customer passed from one department to another.",
                "Сколько раз клиент перешёл из\u00a0одного подразделения в\u00a0другое.",
            ),
            use=Text(
                "Sliced by the department before and the one after, it is the map of who depends on whom.",
                "В\u00a0срезе по\u00a0подразделениям до\u00a0и\u00a0после\u00a0— карта того, кто от\u00a0кого зависит.",
            ),
            unit="count",
            direction="target",
            method=Text(
                "Contacts (delivered messages, visits, calls, chats, messages, meetings) that followed the customer’s previous "
                "one within `days` days and were of another department. Contacts without a customer or a department are left "
                "out, as if they had not been.",
                "Контакты (доставленные сообщения, визиты, звонки, чаты, переписка, встречи), которые последовали за\u00a0предыдущим "
                "контактом клиента в\u00a0течение `days` дней и\u00a0были у\u00a0другого подразделения. Контакты без клиента или подразделения "
                "не\u00a0учитываются, будто их не\u00a0было.",
            ),
            formula="count(department ≠ previous department, at ≤ previous at + days)",
            formula_source=_HANDOVER,
            interval=estimates.POISSON,
            primary_data=(*_CONTACT_DATA, "touches.department"),
            perspective="governance",
            group="coordination",
            owner_role=roles.CRM,
            minimum_sample=1,
            parameters={"days": 7},
        ),
        {"passages": records(_PASSAGES)},
        _flow,
    ),
    Metric(
        Passport(
            id="department_flow_share",
            version=1,
            name=Text("Where customers pass from a department", "Куда переходят из\u00a0подразделения"),
            description=Text(
                "Share of the passages out of a department that led to another one.",
                "Доля переходов из\u00a0подразделения, которые привели в\u00a0другое.",
            ),
            use=Text(
                "Sliced by the department before and the one after, each row says where customers go next.",
                "В\u00a0срезе по\u00a0подразделениям до\u00a0и\u00a0после каждая строка показывает, куда клиенты идут дальше.",
            ),
            unit="share",
            direction="target",
            method=Text(
                "Passages between departments, as counted there, divided by those of the same slice to any department; not "
                "sliced by the department after, it is 1. n is the latter.",
                "Переходы между подразделениями, посчитанные как там, делённые на\u00a0переходы того\u00a0же среза в\u00a0любое "
                "подразделение; без среза по\u00a0подразделению после равна единице. n\u00a0— последнее.",
            ),
            formula="passages to the department / passages to any",
            formula_source=_HANDOVER,
            interval=estimates.WILSON,
            primary_data=(*_CONTACT_DATA, "touches.department"),
            perspective="governance",
            group="coordination",
            owner_role=roles.CRM,
            minimum_sample=30,
            parameters={"days": 7},
        ),
        {"passages": records(_PASSAGES)},
        _flow_share,
    ),
)
