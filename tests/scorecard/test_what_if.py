"""Suppositions: how they are read, what they make of a definition and of figures, and how they are kept."""

import contextlib
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.reading import parse_definition
from septima.scorecard.what_if import (
    Supposition,
    WhatIfError,
    read_scenario,
    read_supposition,
    save_scenario,
    supposed_definition,
    supposed_histories,
)

from ..both_languages import check_both
from .stand_ins import METRICS, card_of, history

CARD = """\
    normalisation: min_max
    perspectives:
      - id: customer_support
        weight: 1.2
        kpis:
          - {id: cli, weight: 1.2, target: 0.75, worst: 0, best: 1}
          - {id: nps, weight: 1.0, target: 0.4, worst: -1, best: 1}
          - {id: cci, weight: 0.8, target: 0.1, worst: -1, best: 1}
      - id: marketing
        weight: 0.8
        kpis:
          - {id: open_rate, target: 0.3, worst: 0, best: 1}
    own:
      - {id: revenue, target: 100}
    """


def definition() -> ScorecardDefinition:
    return parse_definition(textwrap.dedent(CARD), metrics=METRICS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nps.target=0.5", Supposition("nps", "target", 0.5)),
        (" sales.weight = 1,4 ", Supposition("sales", "weight", 1.4)),
        ("open_rate.value=30 %", Supposition("open_rate", "value", 0.3)),
        ("nps.value=-0.2", Supposition("nps", "value", -0.2)),
        ("nps.value=−20%", Supposition("nps", "value", -0.2)),
    ],
)
def test_a_supposition_is_read_as_people_write_it(text: str, expected: Supposition) -> None:
    assert read_supposition(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nps", "is no supposition"),
        ("nps=1", "is no supposition"),
        ("nps.colour=1", "write one of: value, target, weight"),
        ("nps.value=much", "is no number"),
        ("nps.value=nan", "is no number"),
        ("nps.value=inf%", "is no number"),
    ],
)
def test_what_is_no_supposition_is_told(text: str, said: str) -> None:
    with pytest.raises(WhatIfError, match=said) as raised:
        read_supposition(text)
    check_both(raised.value)


@given(st.from_regex(r"\w{0,4}\.?(value|weight|target|x)?\s?=?[0-9.,e%−-]{0,6}", fullmatch=True))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(WhatIfError):
        found = read_supposition(text)
        assert read_supposition(str(found)) == Supposition(found.id, found.field, float(f"{found.number:g}"))


def test_the_rest_of_a_group_keeps_its_proportions() -> None:
    changed = supposed_definition(definition(), [Supposition("cli", "weight", 1.65)])
    # 1.35 are left for NPS and CCI, which stand as 1.0 to 0.8.
    assert changed.perspectives[0].weights == pytest.approx({"cli": 1.65, "nps": 0.75, "cci": 0.6}, abs=1e-4)
    assert changed.weights == definition().weights
    both = supposed_definition(
        definition(), [Supposition("marketing", "weight", 0.5), Supposition("revenue", "target", 9)]
    )
    assert both.weights == pytest.approx({"customer_support": 1.5, "marketing": 0.5})
    assert both.own[0].target == 9
    assert both.version != definition().version


def test_the_composite_is_that_of_the_printed_formula() -> None:
    """(1.65·CLI + 0.75·NPS + 0.6·CCI) / 3 with NPS supposed to be 0.5."""
    suppositions = [Supposition("cli", "weight", 1.65), Supposition("nps", "value", 0.5)]
    histories = supposed_histories(
        {
            "cli": history(0.7, 0.72),
            "nps": history(0.3, 0.35),
            "cci": history(0.0, 0.1),
            "open_rate": history(0.2, 0.25),
            "revenue": history(90.0, 95.0),
        },
        suppositions,
    )
    card = card_of(supposed_definition(definition(), suppositions), **histories)
    support = card.perspectives[0]
    assert support.composite.printed.value == pytest.approx((1.65 * 0.72 + 0.75 * 0.5 + 0.6 * 0.1) / 3, abs=1e-4)
    supposed = support.kpis[1]
    assert (supposed.figure.value, supposed.figure.lower, supposed.previous) == (0.5, None, 0.3)


@pytest.mark.parametrize(
    ("supposition", "said"),
    [
        (Supposition("csi", "value", 1), "there is no 'csi' on the card; there are: cci, cli"),
        (Supposition("marketing", "target", 1), "a perspective has a weight only"),
        (Supposition("revenue", "weight", 1), "enters no composite"),
        (Supposition("cli", "weight", 3.5), "cannot be: the 3 of the group"),
        (Supposition("cli", "weight", -1), "cannot be"),
        (Supposition("open_rate", "weight", 0.5), "cannot be: the 1 of the group"),
    ],
)
def test_what_cannot_be_supposed_is_told(supposition: Supposition, said: str) -> None:
    with pytest.raises(WhatIfError, match=said) as raised:
        supposed_definition(definition(), [supposition])
    check_both(raised.value)


def test_a_weight_that_is_supposed_takes_the_place_of_judgements() -> None:
    text = textwrap.dedent(CARD).replace("weight: 1.2, ", "").replace("weight: 1.0, ", "").replace("weight: 0.8, ", "")
    judged = parse_definition(text.replace("    kpis:", "    weights: {method: equal}\n    kpis:", 1), metrics=METRICS)
    assert judged.perspectives[0].weighting is not None
    assert supposed_definition(judged, [Supposition("cli", "weight", 2)]).perspectives[0].weighting is None


def test_scenarios_are_kept_and_never_overwritten(tmp_path: Path) -> None:
    brave = (Supposition("nps", "value", -0.25), Supposition("sales", "weight", 1.5))
    path = save_scenario(tmp_path, "brave", brave)
    assert path == tmp_path / "what-if" / "brave.yaml"
    assert read_scenario(tmp_path, "brave") == brave
    save_scenario(tmp_path, "brave", brave)
    with pytest.raises(WhatIfError, match="holds other suppositions"):
        save_scenario(tmp_path, "brave", brave[:1])
    assert read_scenario(tmp_path, "brave") == brave
    with pytest.raises(WhatIfError, match="kept are: brave"):
        read_scenario(tmp_path, "bold")
    for name in ("../brave", "a/b", ""):
        with pytest.raises(WhatIfError, match="is no name"):
            save_scenario(tmp_path, name, brave)
    path.write_text("nps: 1", encoding="utf-8")
    with pytest.raises(WhatIfError, match="must be a list of lines"):
        read_scenario(tmp_path, "brave")


def test_a_weight_that_is_found_in_the_periods_cannot_be_supposed() -> None:
    text = textwrap.dedent(CARD).replace(", weight: 1.2", "").replace(", weight: 1.0", "").replace(", weight: 0.8", "")
    text = text.replace("    kpis:\n      - {id: cli", "    weights: {method: entropy}\n    kpis:\n      - {id: cli", 1)
    found = parse_definition(text, metrics=METRICS)
    with pytest.raises(WhatIfError, match="'nps' is found in the periods by entropy; write weights of your own"):
        supposed_definition(found, [Supposition("nps", "weight", 1.4)])
    assert supposed_definition(found, [Supposition("nps", "target", 0.6)]).kpis[1].target == 0.6
