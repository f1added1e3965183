"""Alerts in sentences, for terminal, mail and page."""

from septima.report.number_forms import number_style
from septima.schema import Language, Text
from septima.scorecard.alerts.definition import Alert, CheckReport
from septima.scorecard.card import Figure

SEVERITY = {"critical": Text("critical", "критично"), "warning": Text("warning", "внимание")}
_NO_RECORD = Text("there never was a record", "записей никогда не\u00a0было")


def sentence(alert: Alert, language: Language, currency: str | None) -> str:
    """What the alert says, with numbers in their units."""
    style = number_style(alert.unit, Figure(alert.value), language, currency=currency, others=(alert.limit,))
    name, value, limit = alert.name.in_language(language), style.value(alert.value), style.given(alert.limit)
    said = _said(alert, name, value, limit, language)
    more = [part.in_language(language) for part in (alert.message,) if part is not None]
    return " ".join([said, *(f"{part}." if part[-1:] not in ".!?" else part for part in more)])


def _said(alert: Alert, name: str, value: str, limit: str, language: Language) -> str:
    match alert.kind:
        case "threshold":
            below = alert.value is not None and alert.limit is not None and alert.value < alert.limit
            word = Text("is below", "ниже порога") if below else Text("is above", "выше порога")
            said = Text(f"{name}: {value} {word.en} {limit}.", f"{name}: {value} — {word.ru} {limit}.")
        case "state":
            state = alert.detail or Text("", "")
            known = alert.limit is not None
            target = Text(f", the target is {limit}", f", цель\u00a0— {limit}") if known else Text("", "")
            said = Text(f"{name} is {state.en}: {value}{target.en}.", f"{name}\u00a0— {state.ru}: {value}{target.ru}.")
        case "change":
            detail = "" if alert.detail is None else alert.detail.in_language(language)
            said = Text(f"{name} got worse. {detail}", f"{name}: стало хуже. {detail}")
        case "stale":
            known = alert.value is not None
            age = value if known else _NO_RECORD.in_language(language)
            said = Text(
                f"The table {alert.subject} is stale: its newest record is {age} old, {limit} are allowed."
                if known
                else f"The table {alert.subject} is empty: {age}.",
                f"Таблица {alert.subject} устарела: последней записи {age}, допустимо {limit}."
                if known
                else f"Таблица {alert.subject} пуста: {age}.",
            )
        case "missing":
            said = Text(
                f"{name}: {value} of records could not be used, {limit} are allowed.",
                f"{name}: нельзя использовать {value} записей, допустимо {limit}.",
            )
        case "quarantine":
            said = Text(
                f"{value} of rows wait in quarantine, {limit} are allowed.",
                f"В\u00a0карантине {value} строк, допустимо {limit}.",
            )
        case "forecast":
            said = Text(
                f"{name}: the chance to reach the target is {value}, {limit} at least are wanted.",
                f"{name}: вероятность достичь цели {value}, нужно не\u00a0меньше {limit}.",
            )
    return said.in_language(language).strip()


def subject_line(report: CheckReport, alerts: "tuple[Alert, ...]", language: Language) -> str:
    """The subject of a mail about some alerts."""
    critical = sum(alert.severity == "critical" for alert in alerts)
    said = Text(
        f"{report.organisation}: {len(alerts)} alerts for {report.period}, {critical} of them critical",
        f"{report.organisation}: сигналов за\u00a0{report.period}\u00a0— {len(alerts)}, из\u00a0них критичных\u00a0— {critical}",
    )
    return said.in_language(language)


def letter(report: CheckReport, alerts: "tuple[Alert, ...]", language: Language) -> str:
    """The text of a mail: the critical first, each with who is to look."""
    ordered = sorted(alerts, key=lambda alert: alert.severity != "critical")
    lines = [f"{report.organisation}, {report.period_label.in_language(language)}", ""]
    for alert in ordered:
        who = f" ({alert.who.in_language(language)})" if alert.who else ""
        lines.append(
            f"[{SEVERITY[alert.severity].in_language(language)}] {sentence(alert, language, report.currency)}{who}"
        )
    return "\n".join(lines) + "\n"
