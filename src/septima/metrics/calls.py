"""Telephone calls: whether they are answered, how soon, and whether the question is settled at once."""

import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Measure, Metric, Parameters, Passport, Request, Rows, Source
from septima.metrics.sources import count_true, known, records, total, total_of_products
from septima.schema import Text

_DIMENSIONS = ("department", "employee_id")
_QUEUES = "Gans, Koole & Mandelbaum, Telephone Call Centers: Tutorial, Review, and Research Prospects, 2003"


def _calls(request: Request) -> ir.Table:
    return request.rows("calls")


def _answered(request: Request) -> ir.Table:
    calls = request.rows("calls")
    return calls.filter(calls["answered"])


def _settling(request: Request) -> ir.Table:
    """Calls that were answered, and those of which that is not known; `usable` where it is known how they ended."""
    calls = request.rows("calls")
    rows = calls.filter(calls["answered"].fill_null(True))
    return rows.mutate(usable=rows["answered"].notnull() & rows["resolved"].notnull())


CALLS = Source("calls", _calls, _DIMENSIONS, of_customers=True)
_ANSWERED = Source("answered_calls", _answered, _DIMENSIONS, of_customers=True)
_SETTLING = Source("settling_calls", _settling, _DIMENSIONS, of_customers=True)


def _in_time(rows: Rows, parameters: Parameters) -> ir.Value:
    return rows.count(where=rows["answered"] & (rows["waited_s"] <= parameters["seconds"]))


def _wait_known(rows: Rows, _: Parameters) -> ir.Value:
    """Calls of which it can be told whether they were answered in time: not answered, or of known waiting."""
    return rows.count(where=rows["answered"].notnull() & (~rows["answered"] | rows["waited_s"].notnull()))


def _given_up(rows: Rows, parameters: Parameters) -> ir.Value:
    return rows.count(where=~rows["answered"] & (rows["waited_s"] > parameters["seconds"]))


def _worth_answering(rows: Rows, parameters: Parameters) -> ir.Value:
    return rows.count(where=rows["answered"] | (~rows["answered"] & (rows["waited_s"] > parameters["seconds"])))


def _perhaps_worth_answering(rows: Rows, parameters: Parameters) -> ir.Value:
    """The same calls and those of which it cannot be told."""
    short = ~rows["answered"] & (rows["waited_s"] <= parameters["seconds"])
    return rows.count(where=~short.fill_null(False))


def _mean_of_answered(column: str) -> dict[str, Measure]:
    return {
        "total": total(_ANSWERED, column),
        "squares": total_of_products(_ANSWERED, column, column),
        "known": known(_ANSWERED, column),
        "calls": records(_ANSWERED),
    }


METRICS = (
    Metric(
        Passport(
            id="answered_share",
            version=1,
            name=Text("Answered calls", "Отвеченные звонки"),
            description=Text("Share of calls that were answered.", "Доля звонков, на\u00a0которые ответили."),
            use=Text(
                "Shows whether a customer who calls gets through; slice by department.",
                "Показывает, может\u00a0ли клиент дозвониться; смотрите срезы по\u00a0подразделениям.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Answered calls divided by all calls of the period. Calls of which it is not recorded whether they were "
                "answered are missing.",
                "Отвеченные звонки, делённые на\u00a0все звонки периода. Звонки, о\u00a0которых не\u00a0записано, отвечены\u00a0ли они, "
                "считаются пропусками.",
            ),
            formula="count(answered) / calls",
            formula_source=_QUEUES,
            interval=estimates.WILSON,
            primary_data=("calls.at", "calls.answered"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        {
            "answered": count_true(CALLS, "answered"),
            "known": known(CALLS, "answered"),
            "calls": records(CALLS),
        },
        estimates.share("answered", "known", "calls"),
    ),
    Metric(
        Passport(
            id="abandonment_rate",
            version=1,
            name=Text("Abandonment rate", "Доля потерянных звонков"),
            description=Text(
                "Share of calls in which the customer hung up before the answer.",
                "Доля звонков, в\u00a0которых клиент положил трубку, не\u00a0дождавшись ответа.",
            ),
            use=Text(
                "Shows whom the queue loses; it grows before customers begin to complain of it.",
                "Показывает, скольких теряет очередь; растёт раньше, чем на\u00a0неё начинают жаловаться.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Calls not answered that waited longer than `seconds` seconds, divided by those and the answered ones. "
                "Shorter ones are slips of the hand and left out. Calls of which it is not recorded whether they were "
                "answered, and unanswered ones of unknown waiting, are missing.",
                "Неотвеченные звонки, ждавшие дольше `seconds` секунд, делённые на\u00a0них и\u00a0отвеченные. Более короткие считаются "
                "ошибочными и\u00a0не\u00a0учитываются. Звонки, о\u00a0которых не\u00a0записано, отвечены\u00a0ли они, и\u00a0неотвеченные "
                "с\u00a0неизвестным ожиданием считаются пропусками.",
            ),
            formula="count(not answered, waited > seconds) / (that + answered)",
            formula_source=f"{_QUEUES}; short abandons: Cleveland, Call Center Management on Fast Forward, 2012",
            interval=estimates.WILSON,
            primary_data=("calls.at", "calls.answered", "calls.waited_s"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters={"seconds": 5},
        ),
        {
            "given_up": Measure(CALLS, _given_up),
            "usable": Measure(CALLS, _worth_answering),
            "calls": Measure(CALLS, _perhaps_worth_answering),
        },
        estimates.share("given_up", "usable", "calls"),
    ),
    Metric(
        Passport(
            id="service_level",
            version=1,
            name=Text("Service level of calls", "Уровень обслуживания звонков"),
            description=Text(
                "Share of calls that were answered within the seconds allowed.",
                "Доля звонков, на\u00a0которые ответили за\u00a0отведённые секунды.",
            ),
            use=Text(
                "The promise of a call centre: by the usual rule 80\u00a0% of calls in 20\u00a0seconds.",
                "Обещание колл-центра: по\u00a0обычному правилу\u00a0— 80\u00a0% звонков за\u00a020\u00a0секунд.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Calls answered within `seconds` seconds of waiting divided by all calls, those given up among them. Calls of "
                "which it is not recorded whether they were answered, and answered ones of unknown waiting, are missing.",
                "Звонки, отвеченные за\u00a0`seconds` секунд ожидания, делённые на\u00a0все звонки, включая потерянные. Звонки, "
                "о\u00a0которых не\u00a0записано, отвечены\u00a0ли они, и\u00a0отвеченные с\u00a0неизвестным ожиданием считаются пропусками.",
            ),
            formula="count(answered, waited ≤ seconds) / calls",
            formula_source="Cleveland, Call Center Management on Fast Forward, 2012 (service level)",
            interval=estimates.WILSON,
            primary_data=("calls.at", "calls.answered", "calls.waited_s"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters={"seconds": 20},
        ),
        {
            "in_time": Measure(CALLS, _in_time),
            "usable": Measure(CALLS, _wait_known),
            "calls": records(CALLS),
        },
        estimates.share("in_time", "usable", "calls"),
    ),
    Metric(
        Passport(
            id="average_wait",
            version=1,
            name=Text("Average wait for an answer", "Среднее ожидание ответа"),
            description=Text(
                "How long, on average, an answered call waited.", "Сколько в\u00a0среднем ждал отвеченный звонок."
            ),
            use=Text(
                "What customers who got through had to bear; those who gave up are in the abandonment rate.",
                "То, что пришлось вытерпеть дозвонившимся; не\u00a0дождавшиеся видны в\u00a0доле потерянных звонков.",
            ),
            unit="seconds",
            direction="less",
            method=Text(
                "Mean waiting of the calls that were answered. Those of unknown waiting are missing.",
                "Среднее ожидание отвеченных звонков. Звонки с\u00a0неизвестным ожиданием считаются пропусками.",
            ),
            formula="mean(waited: answered)",
            formula_source=f"{_QUEUES} (average speed of answer)",
            interval=estimates.STUDENT,
            primary_data=("calls.at", "calls.answered", "calls.waited_s"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        _mean_of_answered("waited_s"),
        estimates.mean("total", "squares", "known", "calls"),
    ),
    Metric(
        Passport(
            id="average_handling_time",
            version=1,
            name=Text("Average talking time", "Средняя длительность разговора"),
            description=Text(
                "How long, on average, an answered call was talked.",
                "Сколько в\u00a0среднем длится разговор в\u00a0отвеченном звонке.",
            ),
            use=Text(
                "Says how many people the calls need; a talk cut short only to lower it brings the customer back.",
                "Показывает, сколько людей нужно на\u00a0звонки; если обрывать разговор ради этой цифры, клиент позвонит снова.",
            ),
            unit="seconds",
            direction="target",
            method=Text(
                "Mean talking time of the calls that were answered; work after the call is not in the data. Those of unknown "
                "length are missing.",
                "Средняя длительность разговора в\u00a0отвеченных звонках; работы после звонка в\u00a0данных нет. Звонки "
                "с\u00a0неизвестной длительностью считаются пропусками.",
            ),
            formula="mean(talked: answered)",
            formula_source="COPC CX Standard, 2021 (average handling time)",
            interval=estimates.STUDENT,
            primary_data=("calls.at", "calls.answered", "calls.talked_s"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        _mean_of_answered("talked_s"),
        estimates.mean("total", "squares", "known", "calls"),
    ),
    Metric(
        Passport(
            id="first_contact_resolution",
            version=1,
            name=Text("First-contact resolution", "Решение при первом обращении"),
            description=Text(
                "Share of answered calls in which the question was settled.",
                "Доля отвеченных звонков, в\u00a0которых вопрос решён.",
            ),
            use=Text(
                "What customers want of a call; repeated contacts show whether “settled” was true.",
                "То, чего клиент ждёт от\u00a0звонка; повторные обращения показывают, правда\u00a0ли вопрос решён.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Answered calls with the question settled divided by answered calls. Where it is not recorded whether the "
                "call was answered or the question settled, the call is missing.",
                "Отвеченные звонки, в\u00a0которых вопрос решён, делённые на\u00a0отвеченные звонки. Если не\u00a0записано, отвечен\u00a0ли "
                "звонок или решён\u00a0ли вопрос, звонок считается пропуском.",
            ),
            formula="count(answered, resolved) / answered",
            formula_source="COPC CX Standard, 2021 (first-contact resolution)",
            interval=estimates.WILSON,
            primary_data=("calls.at", "calls.answered", "calls.resolved"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
        ),
        {
            "resolved": Measure(
                _SETTLING, lambda rows, _: rows.count(where=rows["usable"] & rows["resolved"].fill_null(False))
            ),
            "usable": count_true(_SETTLING, "usable"),
            "calls": records(_SETTLING),
        },
        estimates.share("resolved", "usable", "calls"),
    ),
)
