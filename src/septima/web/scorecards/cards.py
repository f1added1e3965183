"""The card of a choice, whole or of a slice: kept, told to be behind, made anew."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from septima.metrics import Metric
from septima.metrics.recorded import Recorded
from septima.schema import Text
from septima.scorecard.card import Scorecard
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.slice_card import SliceError, Slicing, slice_card, sliced_definition, slicings
from septima.scorecard.why import Why, explain_why
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import (
    KeptCard,
    definitions_digest,
    is_kept,
    keep,
    kept,
    kept_card,
    look_up,
    refresh_card,
)
from septima.web.scorecards.choice import Choice
from septima.workspace import Workspace


def card_of(organisation: Organisation, workspace: Workspace, choice: Choice) -> KeptCard:
    """The card of a choice: the one that is kept, or made now. Its key holds the moment at which it was computed.

    SliceError where there is no such slice; SeptimaError where the card cannot be made.
    """
    if choice.dimension:
        key = _slice_key(organisation, workspace, choice)
        card = kept(key, lambda: _made(workspace, choice, kept_slicings(organisation, workspace)))
        behind = card.data_version != workspace.lake.version
    else:
        found = kept_card(organisation, workspace, choice.period)
        key, card, behind = found.key, found.card, found.is_behind
    return KeptCard(card, f"{key}-{card.computed_at:%Y%m%d%H%M%S%f}", behind or has_ended_since(card, workspace))


def card_is_kept(organisation: Organisation, workspace: Workspace, choice: Choice) -> bool:
    """Whether the card of a choice can be had at once."""
    if choice.dimension:
        return look_up(_slice_key(organisation, workspace, choice)) is not None
    return is_kept(organisation, workspace, choice.period)


def refreshed(organisation: Organisation, workspace: Workspace, choice: Choice) -> None:
    """Bring the kept card of a choice up to the data, if it is behind them."""
    if not card_of(organisation, workspace, choice).is_behind:
        return
    if choice.dimension:
        card = _made(workspace, choice, kept_slicings(organisation, workspace))
        keep(_slice_key(organisation, workspace, choice), card)
    else:
        refresh_card(organisation, workspace, choice.period)


def has_ended_since(card: Scorecard, workspace: Workspace) -> bool:
    """Whether the period of a card that was made while it ran is over by now."""
    return not card.complete and card.end <= workspace.settings.calendar.today(datetime.now(UTC))


def kept_slicings(organisation: Organisation, workspace: Workspace) -> tuple[Slicing, ...]:
    """The slices that cards of the workspace can be computed for."""
    key = f"slicings-{organisation.pk}-{definitions_digest(workspace)}-{workspace.lake.version}"
    return kept(key, lambda: slicings(workspace.definition, workspace.catalogue, workspace.tables()))


def definition_of(workspace: Workspace, choice: Choice) -> ScorecardDefinition:
    """The definition of the card of a choice."""
    if not choice.dimension:
        return workspace.definition
    return sliced_definition(workspace.definition, workspace.catalogue, choice.dimension, choice.member)


def narrowed(definition: ScorecardDefinition, kpi: str, where: Mapping[str, str]) -> ScorecardDefinition:
    """The definition with one KPI restricted further."""
    return replace(
        definition,
        perspectives=tuple(
            replace(
                one, kpis=tuple(replace(each, where={**each.where, **where}) if each.id == kpi else each for each in one.kpis)
            )
            for one in definition.perspectives
        ),
        own=tuple(replace(each, where={**each.where, **where}) if each.id == kpi else each for each in definition.own),
    )  # fmt: skip


def why_of(
    workspace: Workspace, card: Scorecard, choice: Choice, *, earlier: Scorecard | None = None, of: str = ""
) -> Why:
    """Why the card of a choice changed; ChangeError as of `scorecard.why.explain_why`."""
    if not choice.dimension:
        return workspace.why(card, earlier=earlier, of=of)
    settings = workspace.settings
    return explain_why(
        card,
        definition_of(workspace, choice),
        metrics_of(workspace),
        workspace.tables(),
        parameters=settings.metrics,
        calendar=settings.calendar,
        earlier=earlier,
        of=of,
    )


def metrics_of(workspace: Workspace) -> Mapping[str, Metric]:
    """All metrics of the workspace by id."""
    return cast("Mapping[str, Metric]", workspace.catalogue)


def _made(workspace: Workspace, choice: Choice, known: tuple[Slicing, ...]) -> Scorecard:
    members = next((one.members for one in known if one.dimension == choice.dimension), None)
    if members is None:
        shared = ", ".join(one.dimension for one in known) or "—"
        raise SliceError(
            Text(
                f"a card cannot be split by {choice.dimension!r}; it can by: {shared}",
                f"карту нельзя разбить по\u00a0«{choice.dimension}»; можно по: {shared}",
            )
        )
    if choice.member not in members:
        there = ", ".join(members)
        raise SliceError(
            Text(
                f"there is no {choice.dimension} {choice.member!r}; there are: {there}",
                f"в\u00a0разрезе «{choice.dimension}» нет «{choice.member}»; есть: {there}",
            )
        )
    settings, version = workspace.settings, workspace.lake.version
    return slice_card(
        workspace.definition,
        workspace.catalogue,
        workspace.tables(),
        choice.period,
        choice.dimension,
        choice.member,
        organisation=settings.organisation,
        data_version=version,
        currency=settings.currency,
        parameters=settings.metrics,
        calendar=settings.calendar,
        record=Recorded(workspace.lake, version),
    )


def _slice_key(organisation: Organisation, workspace: Workspace, choice: Choice) -> str:
    return f"slice-{organisation.pk}-{choice.key}-{definitions_digest(workspace)}"
