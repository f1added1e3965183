"""Whether a customer is one customer in the data, and whether those who serve one see what is known."""

from functools import reduce

import ibis
import ibis.expr.types as ir

from septima.lake.identity_rules import KINDS
from septima.lake.resolved import CUSTOMER_RECORDS, masters
from septima.metrics import estimates, roles
from septima.metrics.definition import CUSTOMER_DIMENSIONS, Measure, Metric, Passport, Request, Source
from septima.metrics.sources import count_true, records, time_of, within_bounds
from septima.schema import TABLES, Text

_OF_CUSTOMERS = ("orders", "touches", "calls", "complaints", "answers", "deliveries", "deals")
_SERVED = ("store_visit", "chat", "message", "meeting")


def _customer_records(request: Request) -> ir.Table:
    """Every record of a customer: whether it stands for a person, and whether it holds what it could be compared by."""
    customers, identities = request.rows(CUSTOMER_RECORDS), request.rows("identities")
    merged = masters(request.rows("merges")).select(duplicate="customer_id")
    named = identities.filter(identities["id_type"].lower().isin(list(KINDS))).select(named="customer_id").distinct()
    rows = customers.left_join(merged, customers["customer_id"] == merged["duplicate"])
    rows = rows.left_join(named, rows["customer_id"] == named["named"])
    duplicate = rows["duplicate"].notnull()
    described = rows["name"].notnull() & rows["birth_date"].notnull()
    return rows.select(
        "source",
        *CUSTOMER_DIMENSIONS,
        at=time_of(request, rows, TABLES["customers"]),
        comparable=duplicate | described | rows["email"].notnull() | rows["phone"].notnull() | rows["named"].notnull(),
        unique=~duplicate,
    )


def _tied(request: Request) -> ir.Table:
    """Every record about a customer, and whether the customer is one of those whom the company knows."""
    rows = reduce(ir.Table.union, (_records_of(request, name) for name in _OF_CUSTOMERS))
    customers = request.rows("customers").select(known="customer_id").distinct()
    joined = rows.left_join(customers, rows["customer_id"] == customers["known"])
    return joined.select("at", "source", "table", tied=joined["known"].notnull())


def _records_of(request: Request, name: str) -> ir.Table:
    rows = request.rows(name)
    rows = rows.select("customer_id", "source", at=time_of(request, rows, TABLES[name]), table=ibis.literal(name))
    return within_bounds(request, rows, "at")


def _served(request: Request) -> ir.Table:
    """Calls and talks that an employee served, and whether this employee had opened the customer's card shortly before."""
    touches, calls, accesses = request.rows("touches"), request.rows("calls"), request.rows("accesses")
    columns = ("employee_id", "customer_id", "department")
    talks = touches.filter(touches["kind"].isin(_SERVED) & touches["employee_id"].notnull())
    answered = calls.filter(calls["answered"].fill_null(True))
    served = talks.select(*columns, at=talks["at"].cast("timestamp"), table=ibis.literal("touches")).union(
        answered.select(*columns, at=answered["at"].cast("timestamp"), table=ibis.literal("calls"))
    )
    served = within_bounds(request, served, "at")
    both = served["employee_id"].notnull() & served["customer_id"].notnull()
    nothing, never = ibis.null("string"), ibis.null("timestamp")
    moment = accesses["at"].cast("timestamp")
    opened = accesses.select(
        "employee_id", "customer_id", at=moment, department=nothing, table=nothing, opened_at=moment
    )
    opened = within_bounds(request, opened, "at", back=request.parameters["hours"] / 24)
    order = ("employee_id", "customer_id", "at", "department", "table", "opened_at")
    # Cards that were opened and customers who were served in one row of time: no pair of rows is ever joined.
    events = served.filter(both).mutate(opened_at=never).select(*order).union(opened.select(*order))
    so_far = ibis.window(
        group_by=[events["employee_id"], events["customer_id"]],
        order_by=[events["at"], events["table"].notnull().cast("int64")],
        preceding=None,
        following=0,
    )
    events = events.mutate(last_opened=events["opened_at"].max().over(so_far))
    shortly = events["last_opened"] + ibis.interval(hours=request.parameters["hours"]) >= events["at"]
    seen = events.filter(events["table"].notnull()).mutate(usable=True, seen=shortly.fill_null(False))
    unknown = served.filter(~both).mutate(usable=False, seen=False)
    kept = ("at", "table", "department", "employee_id", "usable", "seen")
    return seen.select(*kept).union(unknown.select(*kept))


_CUSTOMERS = Source("customer_records", _customer_records, ("source", *CUSTOMER_DIMENSIONS))
_TIED = Source("records_of_customers", _tied, ("table", "source"))
_SEEN = Source("customers_served", _served, ("table", "department", "employee_id"), parameters=("hours",))

METRICS = (
    Metric(
        Passport(
            id="uniqueness",
            version=1,
            name=Text("Uniqueness of customers", "Уникальность клиентов"),
            description=Text(
                "Share of customers’ records that are no duplicate of another.",
                "Доля записей о\u00a0клиентах, которые не\u00a0повторяют другую запись.",
            ),
            use=Text(
                "Shows how far the number of customers can be believed, and which source makes duplicates. It knows only "
                "duplicates that `septima identify` has found.",
                "Показывает, насколько можно верить числу клиентов и\u00a0какой источник создаёт дубли. Учитывает только дубли, "
                "найденные командой `septima identify`.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Records of customers that were merged into no other divided by all that hold something to be compared by: an "
                "e-mail address, a telephone, a card, a loyalty number, or a name with a date of birth; the rest are missing. "
                "By the moment the customer became known, or else of loading.",
                "Записи о\u00a0клиентах, не\u00a0слитые с\u00a0другой, делённые на\u00a0все, которые есть с\u00a0чем сравнивать: адрес почты, телефон, "
                "карта, номер в\u00a0программе лояльности или имя с\u00a0датой рождения; остальные считаются пропусками. По\u00a0моменту, "
                "когда клиент стал известен, а\u00a0если его нет\u00a0— по\u00a0моменту загрузки.",
            ),
            formula="records that are a person’s only or master one / records that can be compared",
            formula_source="DAMA-DMBOK, 2017 (uniqueness)",
            interval=estimates.WILSON,
            primary_data=(
                "customers.customer_id",
                "customers.created_at",
                "customers.email",
                "customers.phone",
                "customers.name",
                "customers.birth_date",
                "identities.id_type",
                "merges.master_id",
            ),
            perspective="governance",
            group="data_trust",
            owner_role=roles.DATA,
            minimum_sample=100,
        ),
        {
            "unique": Measure(_CUSTOMERS, lambda rows, _: rows.count(where=rows["unique"] & rows["comparable"])),
            "comparable": count_true(_CUSTOMERS, "comparable"),
            "records": records(_CUSTOMERS),
        },
        estimates.share("unique", "comparable", "records"),
    ),
    Metric(
        Passport(
            id="single_view_share",
            version=1,
            name=Text("Single customer view", "Единое представление о\u00a0клиенте"),
            description=Text(
                "Share of records about customers that are tied to a customer whom the company knows.",
                "Доля записей о\u00a0клиентах, привязанных к\u00a0известному компании клиенту.",
            ),
            use=Text(
                "Shows how much of what customers do can be told of one of them; slice by table and source.",
                "Показывает, какую часть действий клиентов можно отнести к\u00a0кому-то из\u00a0них; смотрите срезы по\u00a0таблицам (table) "
                "и\u00a0источникам (source).",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Orders, touches, calls, complaints, answers, deliveries and deals whose customer stands in `customers`, after "
                "merges, divided by all of them. A record belongs to the period of its table’s time or else of its loading.",
                "Заказы, касания, звонки, жалобы, ответы, доставки и\u00a0сделки, клиент которых есть в\u00a0`customers` после слияний, "
                "делённые на\u00a0все такие записи. Запись относится к\u00a0периоду времени своей таблицы, а\u00a0если его нет\u00a0— загрузки.",
            ),
            formula="records tied to a known customer / records",
            formula_source="Payne & Frow, 2005 (information management process)",
            interval=estimates.WILSON,
            primary_data=(
                *(f"{name}.customer_id" for name in _OF_CUSTOMERS),
                "customers.customer_id",
                "merges.master_id",
            ),
            perspective="governance",
            group="data_trust",
            owner_role=roles.DATA,
            minimum_sample=100,
        ),
        {"tied": count_true(_TIED, "tied"), "records": records(_TIED)},
        estimates.share("tied", "records"),
    ),
    Metric(
        Passport(
            id="availability",
            version=1,
            name=Text("Availability of customers’ records", "Доступность данных о\u00a0клиентах"),
            description=Text(
                "Share of customers served by an employee who had just opened the customer’s card.",
                "Доля обслуживаний, перед которыми сотрудник открыл карточку клиента.",
            ),
            use=Text(
                "Shows whether what is known reaches those who serve; slice by department and employee.",
                "Показывает, доходит\u00a0ли известное о\u00a0клиенте до\u00a0тех, кто его обслуживает; смотрите срезы по\u00a0подразделениям "
                "(department) и\u00a0сотрудникам (employee_id).",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Answered calls, and talks (chats, messages, meetings and visits to a store) with an employee, before which this "
                "employee opened this customer’s card, at most `hours` hours earlier, divided by all of them. Those of an unknown "
                "employee or customer are missing. Calls come from `calls`, so touches of the kind `call` do not count twice.",
                "Отвеченные звонки и\u00a0разговоры (чаты, сообщения, встречи и\u00a0визиты в\u00a0магазин) с\u00a0сотрудником, перед которыми он "
                "открыл карточку этого клиента не\u00a0раньше чем за\u00a0`hours`\u00a0ч, делённые на\u00a0все такие обслуживания. Если сотрудник "
                "или клиент неизвестен, обслуживание считается пропуском. Звонки берутся из\u00a0`calls`, поэтому касания вида `call` "
                "второй раз не\u00a0считаются.",
            ),
            formula="served within `hours` after the card was opened / served",
            formula_source="DAMA-DMBOK, 2017 (accessibility)",
            interval=estimates.WILSON,
            primary_data=(
                "calls.at",
                "calls.answered",
                "calls.employee_id",
                "calls.customer_id",
                "touches.at",
                "touches.kind",
                "touches.employee_id",
                "touches.customer_id",
                "accesses.at",
                "accesses.employee_id",
                "accesses.customer_id",
            ),
            perspective="governance",
            group="data_trust",
            owner_role=roles.DATA,
            minimum_sample=30,
            parameters={"hours": 24},
        ),
        {"seen": count_true(_SEEN, "seen"), "usable": count_true(_SEEN, "usable"), "served": records(_SEEN)},
        estimates.share("seen", "usable", "served"),
    ),
)
