"""Searching the catalogue."""

from septima.metrics.catalogue import catalogue
from septima.web.metrics.catalogue import Filter, search


def _ids(wanted: Filter) -> set[str]:
    return {entry.id for group in search(catalogue(), wanted, "en").groups for entry in group.entries}


def test_everything_is_found_by_an_empty_filter_each_metric_once():
    found = search(catalogue(), Filter(), "ru")
    ids = [entry.id for group in found.groups for entry in group.entries]
    assert sorted(ids) == sorted(catalogue())
    assert found.number == found.all == len(catalogue())


def test_words_are_found_in_either_language_and_all_of_them_must_be_there():
    assert "retention_rate" in _ids(Filter("удержание клиентов"))
    assert "retention_rate" in _ids(Filter("RETENTION"))
    assert _ids(Filter("retention xylophone")) == set()


def test_filters_narrow_by_group_perspective_and_table():
    metrics = catalogue()
    assert _ids(Filter(group="delivery")) == {one.id for one in metrics.values() if one.passport.group == "delivery"}
    assert _ids(Filter(perspective="hr")) == {one.id for one in metrics.values() if one.passport.perspective == "hr"}
    by_calls = _ids(Filter(table="calls"))
    assert by_calls
    assert all(any(name.startswith("calls.") for name in metrics[one].passport.primary_data) for one in by_calls)


def test_there_is_none_of_the_companys_own_where_none_is_defined_and_kpis_of_the_card_are_marked():
    assert _ids(Filter(own=True)) == set()
    found = search(catalogue(), Filter("nps"), "en", ["nps"])
    assert {entry.id for group in found.groups for entry in group.entries if entry.on_card} == {"nps"}
