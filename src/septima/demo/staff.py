"""Employees, who served when, and what they were taught."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from septima.demo.arrays import Integers, instants, numbered, numbers, stream, words
from septima.demo.calendar import DAY, Calendar
from septima.demo.export import Exporter
from septima.demo.model import Model
from septima.demo.words import FEMALE_NAMES, MALE_NAMES, SURNAMES

_MOST_TENURES = 16
_ROLES = {
    "support": "Оператор", "stores": "Продавец-консультант", "delivery": "Курьер", "online_shop": "Редактор каталога",
    "claims": "Специалист по претензиям", "sales": "Менеджер по продажам", "marketing": "Маркетолог",
    "management": "Руководитель",
}  # fmt: skip
_YEAR = 365.25 * DAY


@dataclass(frozen=True)
class Staff:
    """Positions and who held them.

    `hired` and `left` have a row a position and a column a tenure, in order of time; a tenure that
    begins after the three years has not happened. `first` is the employee number of each position's
    first tenure. `positions` gives the rows of each department.
    """

    hired: Integers
    left: Integers
    first: Integers
    positions: dict[str, Integers]

    def serving(self, chance: np.random.Generator, department: str, at: Integers) -> Integers:
        """An employee of the department at each moment; −1 where the drawn position is vacant then."""
        rows = self.positions[department]
        position = rows[chance.integers(0, len(rows), len(at))]
        tenure = (self.hired[position] <= at[:, None]).sum(axis=1) - 1
        there = (tenure >= 0) & (self.left[position, np.maximum(tenure, 0)] > at)
        return np.where(there, self.first[position] + np.maximum(tenure, 0), -1)

    def headcount(self, at: Integers) -> Integers:
        """How many work at each moment."""
        return ((self.hired[None] <= at[:, None, None]) & (self.left[None] > at[:, None, None])).sum(axis=(1, 2))


def make_staff(model: Model, calendar: Calendar, seed: int, customers: int) -> Staff:
    """Draw who works when: each position is filled, left at a constant hazard, vacant for a while and filled again."""
    chance = stream(seed, "staff")
    total = max(model.least_positions, round(customers * model.positions_per_customer))
    sizes = [max(1, round(total * share)) for share, _ in model.departments.values()]
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    positions = {
        name: np.arange(first, last)
        for name, first, last in zip(model.departments, bounds[:-1], bounds[1:], strict=True)
    }
    hazard = np.repeat([hazard for _, hazard in model.departments.values()], sizes)
    tenure = chance.exponential(_YEAR / hazard[:, None], (len(hazard), _MOST_TENURES))
    vacancy = np.full_like(tenure, model.vacancy_days * DAY)
    vacancy[:, 0] = 0
    hired = calendar.start + np.cumsum(vacancy, axis=1) + np.cumsum(tenure, axis=1) - tenure
    happened = (hired < calendar.end).sum(axis=1)
    first = np.concatenate(([0], np.cumsum(happened)[:-1]))
    return Staff(hired.astype(np.int64), (hired + tenure).astype(np.int64), first, positions)


def write_staff(staff: Staff, model: Model, calendar: Calendar, seed: int, exporter: Exporter) -> None:
    """Write employees and trainings."""
    chance = stream(seed, "staff names")
    position, tenure = np.nonzero(staff.hired < calendar.end)
    size = len(position)
    hired, left = staff.hired[position, tenure], staff.left[position, tenure]
    codes = np.zeros(len(staff.hired), dtype=np.int64)
    for code, rows in enumerate(staff.positions.values()):
        codes[rows] = code
    department = codes[position]
    head = np.array([staff.first[rows[0]] for rows in staff.positions.values()])
    number = staff.first[position] + tenure
    chief = head[list(staff.positions).index("management")]
    heads_department = (tenure == 0) & np.isin(number, head)
    manager = np.where(heads_department, chief, head[department])
    female = chance.random(size) < 0.5
    given = np.where(
        female,
        len(MALE_NAMES) + chance.integers(0, len(FEMALE_NAMES), size),
        chance.integers(0, len(MALE_NAMES), size),
    )
    family = chance.integers(0, len(SURNAMES), size) + np.where(female, len(SURNAMES), 0)
    forms = (*SURNAMES, *(surname + "а" for surname in SURNAMES))
    names = pc.binary_join_element_wise(words(family, forms), words(given, (*MALE_NAMES, *FEMALE_NAMES)), " ")
    ids = numbered("E", number, 5)
    exporter.write(
        "employees",
        {
            "employee_id": ids,
            "name": names,
            "department": words(department, list(staff.positions)),
            "role": words(department, [_ROLES[name] for name in staff.positions]),
            "manager_id": numbered("E", manager, 5, number != chief),
            "hired_at": instants(hired),
            "left_at": instants(left, left < calendar.end),
        },
    )
    _write_trainings(chance, ids, hired, left, model, calendar, exporter)


def _write_trainings(
    chance: np.random.Generator,
    ids: pa.StringArray,
    hired: Integers,
    left: Integers,
    model: Model,
    calendar: Calendar,
    exporter: Exporter,
) -> None:
    months = calendar.edges[:-1].astype("datetime64[us]").astype("datetime64[M]").astype(np.int64) % 12
    taught = np.flatnonzero(months != 6)
    planned = np.column_stack((hired + 30 * DAY, *(np.full(len(hired), calendar.edges[q] + 40 * DAY) for q in taught)))
    course = np.array([0, *(1 + index % 3 for index in range(len(taught)))])
    employee, column = np.nonzero((planned >= hired[:, None]) & (planned < np.minimum(left, calendar.end)[:, None]))
    at = planned[employee, column] + chance.integers(0, 20 * DAY, len(employee))
    kept = at < np.minimum(left[employee], calendar.end)
    employee, column, at = employee[kept], column[kept], at[kept]
    on_time = chance.random(len(at)) < np.array(model.training_on_time)[calendar.quarter_of(at)]
    early = (chance.random(len(at)) * np.minimum(10 * DAY, at - hired[employee])).astype(np.int64)
    late = (chance.exponential(12 * DAY, len(at)) + DAY).astype(np.int64)
    completed = np.where(on_time, at - early, at + late)
    done = completed < np.minimum(calendar.end, np.where(on_time, calendar.end, left[employee]))
    exporter.write(
        "trainings",
        {
            "employee_id": ids.take(pa.array(employee)),
            "course": words(
                course[column], ["Вводный курс", "Стандарты сервиса", "Работа с карточкой клиента", "Трудные разговоры"]
            ),
            "planned_at": instants(at),
            "completed_at": instants(completed, done),
            "score": numbers(np.round(chance.beta(8, 2, len(at)), 2), done),
        },
    )
