"""Alerts as a study: what somebody has to look at now."""

from collections.abc import Mapping

from septima.report.alert_words import SEVERITY, sentence
from septima.report.studies.study import Measure, Section, Study, Table, bare, heads, word
from septima.schema import Language, Text
from septima.scorecard.alerts.definition import CheckReport

TITLE = Text("What needs a look", "На\u00a0что обратить внимание")
_W: Mapping[str, Text] = {
    "question": Text("Which of the company’s alert rules hold?", "Какие из\u00a0правил оповещения сработали?"),
    "alerts": Text("Alerts", "Сигналы"),
    "severity": Text("severity", "важность"),
    "what": Text("what", "что"),
    "who": Text("who looks", "кто смотрит"),
    "critical": Text("Critical", "Критичных"),
    "warnings": Text("Warnings", "Предупреждений"),
    "none": Text("No rule holds.", "Ни\u00a0одно правило не\u00a0сработало."),
    "failed": Text("Rule “{}” could not be evaluated: {}.", "Правило «{}» нельзя проверить: {}."),
}


def alerts_study(report: CheckReport, language: Language) -> Study:
    """The study of a check."""
    ordered = sorted(report.alerts, key=lambda alert: alert.severity != "critical")
    critical = sum(alert.severity == "critical" for alert in ordered)
    rows = tuple(
        (
            SEVERITY[alert.severity].in_language(language),
            sentence(alert, language, report.currency),
            alert.who.in_language(language) if alert.who else "",
        )
        for alert in ordered
    )
    table = Table("", heads(_W, ("severity", "what", "who"), language), rows, strong=tuple(range(critical)))
    return Study(
        TITLE.in_language(language),
        report.period_label.in_language(language),
        word(_W, "question", language),
        (
            Measure(word(_W, "critical", language), bare(critical, 0, language)),
            Measure(word(_W, "warnings", language), bare(len(ordered) - critical, 0, language)),
        ),
        (
            Section(
                word(_W, "alerts", language),
                lead=() if rows else (word(_W, "none", language),),
                tables=(table,) if rows else (),
                remarks=tuple(
                    word(_W, "failed", language).format(one.rule, one.why.in_language(language))
                    for one in report.failures
                ),
            ),
        ),
        (),
    )
