"""`septima.yaml` is checked line by line."""

import re
from pathlib import Path

import pytest

from septima.metrics import Calendar
from septima.settings import ComputeSettings, SettingsError, read_settings, write_starter


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("organisation: A\ncurency: RUB\n", r"line 2: unknown setting 'curency'; did you mean 'currency'"),
        ("organisation: A\ncolour: red\n", r"line 2: unknown setting 'colour'; there are: organisation"),
        ("currency: RUB\n", r"line 1: `organisation` must be the name"),
        ("organisation: A\ncurrency: RUR1\n", r"line 2: currency 'RUR1' is no ISO 4217 code"),
        ("organisation: A\nlanguage: fr\n", r"line 2: language 'fr' is not spoken here; write one of: en, ru"),
        ("organisation: A\ntime_zone: Europe/Moskow\n", r"line 2: there is no time zone .* did you mean Europe/Moscow"),
        ("organisation: A\ntime_zone: novosibirsk\n", r"line 2: .* did you mean Asia/Novosibirsk\?"),
        ("organisation: A\nfiscal_year_start: aprill\n", r"line 2: there is no month 'aprill'; did you mean april\?"),
        ("organisation: A\nfiscal_year_start: 13\n", r"line 2: there is no month 13; write one such as april"),
        ("organisation: A\nfiscal_year_start: true\n", r"line 2: there is no month True"),
        ("organisation: A\nmetrics: [nps]\n", r"line 2: `metrics` holds parameters by metric id"),
        ("organisation: [A\n", r"line \d: this is not YAML"),
        ("- A\n", r"write one `key: value` a line"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        read_settings(path)


@pytest.mark.parametrize(
    ("text", "russian"),
    [
        ("organisation: Shop\ncurency: EUR", ", строка 2: неизвестная настройка «curency»; возможно, имелось в\u00a0виду «currency»?"),
        ("organisation: Shop\n\ncurrency: XYZ", ", строка 3: валюта «XYZ»\u00a0— не\u00a0код ISO 4217; укажите, например, RUB, EUR или USD"),
        ("organisation: Shop\nfiscal_year_start: 13", ", строка 2: нет месяца «13»; "),
        ("organisation: Shop\nlanguage: [", ", строка 2: это не\u00a0YAML: "),
        ("organisation: Shop\ncompute: {grains: [hour]}", ", строка 2: «grains» в\u00a0«compute»\u00a0— это список из: day, week, month"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told_in_russian_with_the_same_line(tmp_path: Path, text: str, russian: str) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert f"{path}{russian}" in caught.value.statement.ru
    assert caught.value.statement.en == str(caught.value)


def test_a_folder_without_settings_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="septima init"):
        read_settings(tmp_path / "septima.yaml")


def test_the_starter_keeps_its_comments_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "septima.yaml"
    write_starter(path, organisation="Кофе: зёрна №1", currency="RUB", language="ru")
    settings = read_settings(path)
    assert (settings.organisation, settings.currency, settings.language) == ("Кофе: зёрна №1", "RUB", "ru")
    assert settings.engine == "duckdb"
    assert settings.metrics == {}
    assert settings.calendar == Calendar()
    assert "Настройки рабочей папки" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "calendar"),
    [
        ("", Calendar()),
        ("time_zone: Europe/Moscow\n", Calendar("Europe/Moscow")),
        ("fiscal_year_start: April\n", Calendar(fiscal_year_start=4)),
        ("time_zone: Asia/Kolkata\nfiscal_year_start: 4\n", Calendar("Asia/Kolkata", 4)),
    ],
)
def test_the_clocks_and_the_year_of_the_company_are_read(tmp_path: Path, text: str, calendar: Calendar) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text(f"organisation: A\n{text}", encoding="utf-8")
    assert read_settings(path).calendar == calendar


def test_parameters_of_metrics_are_read(tmp_path: Path) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text("organisation: A\nmetrics:\n  churn_rate: {active_days: 60}\n", encoding="utf-8")
    assert read_settings(path).metrics == {"churn_rate": {"active_days": 60}}


def test_histories_to_keep_are_read(tmp_path: Path) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text("organisation: Shop\n", encoding="utf-8")
    assert read_settings(path).compute == ComputeSettings(("month", "quarter"), ())
    path.write_text(
        "organisation: Shop\ncompute:\n  grains: [week]\n  by:\n    - [channel]\n    - [region, segment]\n",
        encoding="utf-8",
    )
    assert read_settings(path).compute == ComputeSettings(("week",), (("channel",), ("region", "segment")), (5, 6))


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("compute: yes please", "line 2: `compute` is written as"),
        (
            "compute:\n  grains: [month]\n  slices: []",
            "line 4: unknown setting 'slices' of `compute`; there are: grains, by",
        ),
        ("compute:\n  by: []\n  grains: [fortnight]", "line 4: `grains` of `compute` is a list of: day, week, month"),
        ("compute:\n  grains: []", "line 3: `grains` of `compute` is a list of: day, week, month"),
        ("compute:\n  by: channel", "line 3: `compute` is written as"),
        ("compute:\n  by:\n    - [channel]\n    - region", "line 5: each set of slices is a list of dimensions"),
    ],
)
def test_histories_that_cannot_be_are_refused_with_their_line(tmp_path: Path, section: str, message: str) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text(f"organisation: Shop\n{section}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=re.escape(message)):
        read_settings(path)
