"""`septima.yaml` is checked line by line."""

from pathlib import Path

import pytest

from septima.settings import SettingsError, read_settings, write_starter


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("organisation: A\ncurency: RUB\n", r"line 2: unknown setting 'curency'; did you mean 'currency'"),
        ("organisation: A\ncolour: red\n", r"line 2: unknown setting 'colour'; there are: organisation"),
        ("currency: RUB\n", r"line 1: `organisation` must be the name"),
        ("organisation: A\ncurrency: RUR1\n", r"line 2: currency 'RUR1' is no ISO 4217 code"),
        ("organisation: A\nlanguage: fr\n", r"line 2: language 'fr' is not spoken here; write one of: en, ru"),
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
    assert "Настройки рабочей папки" in path.read_text(encoding="utf-8")


def test_parameters_of_metrics_are_read(tmp_path: Path) -> None:
    path = tmp_path / "septima.yaml"
    path.write_text("organisation: A\nmetrics:\n  churn_rate: {active_days: 60}\n", encoding="utf-8")
    assert read_settings(path).metrics == {"churn_rate": {"active_days": 60}}
