"""The commands of the models: experiments, loyalty economics, lifetime value and attribution."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from septima.cli.options import (
    Directory,
    EngineOption,
    FormatOption,
    FrameFormatOption,
    LanguageOption,
    ReportOption,
    language_of,
    open_workspace,
)
from septima.cli.output import Format, FrameFormat

model_commands = typer.Typer(rich_markup_mode=None)
experiment_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Experiment = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its name in `assignments`.")]
ControlArmOption = Annotated[str, typer.Option("--control-arm", metavar="ARM", help="Arm that was left alone.")]
PlannedSharesOption = Annotated[
    list[str] | None,
    typer.Option("--share", metavar="ARM=SHARE", help="Planned share of an arm, for each; those kept where left out."),
]
CampaignsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--campaign", metavar="CAMPAIGN", help="Whose touches the arms got; the one called as it where left out."
    ),
]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=3650, help="Days after the assignment that count.")]
BeforeDaysOption = Annotated[
    int, typer.Option("--before-days", min=0, max=3650, help="Days before it that are the covariate; 0 is none.")
]
SegmentsOption = Annotated[
    list[str] | None,
    typer.Option("--segment", metavar="SEGMENT", help="Only these customers; may be given more than once."),
]
ConsentOption = Annotated[bool, typer.Option("--consent", help="Only customers who agreed to promotion.")]


@experiment_commands.command("plan")
def experiment_plan(
    directory: Directory,
    *,
    effect: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Relative effect to be found, such as 5%.")
    ] = None,
    control: Annotated[str, typer.Option(metavar="SHARE", help="Share of the control group.")] = "5%",
    arms: Annotated[int, typer.Option(min=1, max=20, help="Treated arms beside the control.")] = 1,
    power: Annotated[str, typer.Option(metavar="SHARE", help="Chance to find such an effect.")] = "80%",
    before_days: BeforeDaysOption = 90,
    segment: SegmentsOption = None,
    consent: ConsentOption = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell from your own past which effect can be found, and the customers and days that it takes."""
    from septima.cli.experiments import plan_experiment

    workspace = open_workspace(directory, engine)
    plan_experiment(
        workspace,
        language_of(language, workspace),
        form,
        report,
        effect=effect,
        control=control,
        arms=arms,
        power=power,
        before_days=before_days,
        segments=segment or (),
        consent=consent,
    )


@experiment_commands.command("assign")
def experiment_assign(
    directory: Directory,
    experiment: Experiment,
    *,
    control: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Share of the control group; 5% where left out.")
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SHARE]", help="A treated arm; may be given more than once. One, `treated`, where left out."
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="ATTRIBUTE", help="Keep the shares within each segment, region or acquisition_channel."),
    ] = None,
    salt: Annotated[
        str | None, typer.Option(help="Text that the hash is salted with; the name where left out.")
    ] = None,
    segment: SegmentsOption = None,
    consent: ConsentOption = False,
    at: Annotated[
        datetime | None, typer.Option(metavar="MOMENT", help="Moment of the assignment in UTC; now where left out.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the list for the mailing tool: .csv or .xlsx.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column of `customers` to add to the list, such as email."),
    ] = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Put customers into arms by a salted hash; again, it adds newcomers and moves nobody.

    The experiment `global_control` is a group that every later campaign leaves alone.
    """
    from septima.cli.experiments import assign_experiment

    workspace = open_workspace(directory, engine)
    assign_experiment(
        workspace,
        language_of(language, workspace),
        form,
        experiment=experiment,
        control=control,
        arms=arm or (),
        by=by or (),
        salt=salt,
        segments=segment or (),
        consent=consent,
        at=at,
        export=export,
        columns=column or (),
    )


@experiment_commands.command("check")
def experiment_check(
    directory: Directory,
    experiment: Experiment,
    *,
    control_arm: ControlArmOption = "control",
    share: PlannedSharesOption = None,
    campaign: CampaignsOption = None,
    days: DaysOption = 30,
    before_days: BeforeDaysOption = 90,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell whether an experiment was run as planned: sizes of the arms, balance before it, whom the campaign reached."""
    from septima.cli.experiments import check_experiment

    workspace = open_workspace(directory, engine)
    check_experiment(
        workspace,
        language_of(language, workspace),
        form,
        report,
        experiment=experiment,
        control=control_arm,
        shares=share or (),
        campaigns=campaign or (),
        days=days,
        before_days=before_days,
    )


@experiment_commands.command("analyse")
def experiment_analyse(
    directory: Directory,
    experiment: Experiment,
    *,
    control_arm: ControlArmOption = "control",
    share: PlannedSharesOption = None,
    campaign: CampaignsOption = None,
    days: DaysOption = 30,
    before_days: BeforeDaysOption = 90,
    correction: Annotated[
        str, typer.Option(metavar="holm|bh", help="For several arms: Holm, or Benjamini and Hochberg.")
    ] = "holm",
    expected: Annotated[
        int | None,
        typer.Option(
            min=1, help="Customers at which the always-valid interval is narrowest; choose it before looking."
        ),
    ] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell what an experiment brought, per customer and in all, with intervals; or why no figure is honest."""
    from septima.cli.experiments import analyse_experiment

    workspace = open_workspace(directory, engine)
    analyse_experiment(
        workspace,
        language_of(language, workspace),
        form,
        report,
        experiment=experiment,
        control=control_arm,
        shares=share or (),
        campaigns=campaign or (),
        days=days,
        before_days=before_days,
        correction=correction,
        expected=expected,
    )


@model_commands.command("loyalty-economics")
def loyalty_economics(
    directory: Directory,
    *,
    retention: Annotated[
        str, typer.Option(metavar="CHANGE", help="What if retention were other: +5% of itself, or +5pp.")
    ] = "+5%",
    loyalty: Annotated[
        str, typer.Option(metavar="CHANGE", help="What if the share of loyal customers were other: +2% of itself.")
    ] = "+2%",
    loyal: Annotated[
        str,
        typer.Option("--loyal", metavar="nps|cli|repeat", help="Who is loyal: by NPS, by C11, or by number of orders."),
    ] = "nps",
    least: Annotated[
        float | None,
        typer.Option(help="From which on: 8 of 10 for nps, 0.75 for cli, 2 orders for repeat where left out."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Last days of the data by which they are compared.")] = 180,
    period_days: Annotated[int, typer.Option(min=1, max=3650, help="Days of a period of retention.")] = 365,
    discount_rate: Annotated[str, typer.Option(metavar="SHARE", help="Discount of money to come, a year.")] = "10%",
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Set rules of thumb about loyalty beside what your own data say, and tell what another retention would bring."""
    from septima.cli.loyalty import loyalty_economics as tell_loyalty_economics

    workspace = open_workspace(directory, engine)
    tell_loyalty_economics(
        workspace,
        language_of(language, workspace),
        form,
        report,
        retention=retention,
        loyalty=loyalty,
        loyal=loyal,
        least=least,
        days=days,
        period_days=period_days,
        discount_rate=discount_rate,
    )


@model_commands.command()
def ltv(
    directory: Directory,
    *,
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD", help="all, or such as pareto_nbd or kaplan_meier; may be given more than once."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="DIMENSION", help="segment, region, acquisition_channel or cohort.")
    ] = None,
    horizon: Annotated[str, typer.Option(metavar="LENGTH", help="90d, 26w, 12m or 2y.")] = "12m",
    discount: Annotated[float, typer.Option(metavar="SHARE", help="A year’s discount of money to come.")] = 0.1,
    margin: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Margin in revenue; measured from costs where left out.")
    ] = None,
    active_days: Annotated[
        int, typer.Option(min=1, help="Days without a purchase after which a customer is no longer active.")
    ] = 90,
    business: Annotated[
        str, typer.Option(metavar="KIND", help="contractual, non-contractual, or auto: as the data say.")
    ] = "auto",
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Fit to the first part of the time line, compare with the rest, rank.")
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Keep each customer’s prediction by the one method in `predictions`.")
    ] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FrameFormatOption = FrameFormat.table,
) -> None:
    """Value customers by ten methods over the same horizon, discount and margin, and say why they differ."""
    from septima.cli.lifetime import lifetime_settings, value_customers

    settings = lifetime_settings(horizon, discount, margin, active_days, by, business)
    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    value_customers(workspace, settings, method or ["all"], words, form, report, backtest=backtest, save=save)


@model_commands.command()
def attribution(
    directory: Directory,
    *,
    method: Annotated[
        str,
        typer.Option(
            metavar="METHOD",
            help="last, last_non_direct, first, linear, time_decay, position, markov or shapley; all of them.",
        ),
    ] = "all",
    by: Annotated[str, typer.Option(metavar="channel|campaign|chain", help="What is credited.")] = "channel",
    window: Annotated[int, typer.Option(metavar="DAYS", help="How long before a purchase a touch counts.")] = 30,
    order: Annotated[
        str, typer.Option(metavar="auto|1..4", help="Touches that the Markov chain remembers; held-out paths decide.")
    ] = "auto",
    value: Annotated[str, typer.Option(metavar="revenue|conversions", help="What is shown.")] = "revenue",
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Kind of touch that counts; may be given more than once. What customers did, where left out.",
        ),
    ] = None,
    worth: Annotated[
        str, typer.Option(metavar="conversions|rate", help="What channels together are worth in the Shapley value.")
    ] = "conversions",
    since: Annotated[str | None, typer.Option(metavar="PERIOD", help="First period or day of purchases.")] = None,
    until: Annotated[str | None, typer.Option(metavar="PERIOD", help="Last one, in it.")] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FrameFormatOption = FrameFormat.table,
) -> None:
    """Tell which channels, campaigns or chains revenue is due to, by eight methods, beside what control groups prove."""
    from septima.cli.attribution import run_attribution

    workspace = open_workspace(directory, engine)
    run_attribution(
        workspace,
        language_of(language, workspace),
        form,
        report,
        method=method,
        by=by,
        window=window,
        order=order,
        value=value,
        kinds=kind or (),
        worth=worth,
        since=since,
        until=until,
    )
