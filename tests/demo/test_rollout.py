"""The demo company's road map speaks of the milestones that the simulation writes."""

from septima.demo import Model, definition_texts
from septima.demo.calendar import QUARTERS
from septima.metrics import catalogue
from septima.scorecard.rollout.reading import FILE, parse_rollout


def test_the_road_map_names_milestones_of_the_simulation_and_all_components():
    found = parse_rollout(definition_texts()[FILE], catalogue())
    written = {f"V{number:04d}" for number in range(QUARTERS * Model().milestones_per_quarter)}
    named = {one.id for one in found.milestones if one.planned is None}
    assert named
    assert named <= written
    assert {
        "departments_in_processes",
        "milestones_on_plan",
        "training_on_time",
        "training_passed",
        "steps_on_time",
    } < {one.metric for one in found.success}
    assert set(found.departments) <= set(Model().departments)
    assert all(one.name.en != one.name.ru for one in found.milestones)
