"""Widths of text against the font itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.report.pictures import FONTS
from septima.report.text_width import shortened, text_width, wrapped

TEXTS = (
    "Доля выигранных сделок 28 %",
    "On-time deliveries 91.2%",
    "Щёголь ждёт эхо, съел ₽ 1 000",
    "WMmiil (NPS) — № 5",
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("bold", [False, True])
def test_widths_are_those_of_the_font(text: str, bold: bool) -> None:
    fonts = pytest.importorskip("fontTools.ttLib")
    font = fonts.TTFont(FONTS / f"SeptimaSans-{'SemiBold' if bold else 'Regular'}.ttf")
    signs, advances = font.getBestCmap(), font["hmtx"]
    true = sum(advances[signs[ord(sign)]][0] for sign in text) / 1000 * 10
    assert text_width(text, 10, bold=bold) == pytest.approx(true, rel=0.04)


@given(st.text(alphabet="абвщ mW-\u00a0", min_size=0, max_size=60), st.floats(20, 120))
def test_no_line_is_wider_than_asked_and_no_letter_is_lost(text: str, width: float) -> None:
    lines = wrapped(text, width, 9.0)
    assert all(text_width(line, 9.0) <= width + 1e-6 for line in lines)
    kept = "".join(lines).replace("-", "").replace(" ", "").replace("\u00a0", "")
    assert kept == text.replace("-", "").replace(" ", "").replace("\u00a0", "")


def test_what_passes_the_last_line_ends_in_an_ellipsis() -> None:
    lines = wrapped("Доля повторных покупателей за квартал", 60, 9, most=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert shortened("Да", 60, 9) == "Да"


def test_a_long_word_is_parted_before_a_consonant_with_its_vowel() -> None:
    assert wrapped("рентабельность", 62, 9) == ("рентабель-", "ность")
