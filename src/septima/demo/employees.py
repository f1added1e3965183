"""Employees and what they were taught."""

import numpy as np
import pyarrow as pa

from septima.demo.arrays import Integers, instants, numbered, numbers, words
from septima.demo.calendar import DAY, QUARTERS
from septima.demo.people import person_names
from septima.demo.setting import Setting

_ROLES = {
    "support": "Оператор", "stores": "Продавец-консультант", "delivery": "Курьер", "online_shop": "Редактор каталога",
    "claims": "Специалист по претензиям", "sales": "Менеджер по продажам", "marketing": "Маркетолог",
    "management": "Руководитель",
}  # fmt: skip


def write_staff(setting: Setting) -> None:
    """Write employees and trainings."""
    staff, calendar = setting.staff, setting.calendar
    chance = setting.chance("staff names")
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
    ids = numbered("E", number, 5)
    setting.exporter.write(
        "employees",
        {
            "employee_id": ids,
            "name": person_names(chance, size),
            "department": words(department, list(staff.positions)),
            "role": words(department, [_ROLES[name] for name in staff.positions]),
            "manager_id": numbered("E", manager, 5, number != chief),
            "hired_at": instants(hired),
            "left_at": instants(left, left < calendar.end),
        },
    )
    _write_trainings(setting, ids, hired, left)


def _write_trainings(setting: Setting, ids: pa.StringArray, hired: Integers, left: Integers) -> None:
    model, calendar, chance = setting.model, setting.calendar, setting.chance("trainings")
    planned = np.column_stack(
        (hired + 30 * DAY, *(np.full(len(hired), edge + 40 * DAY) for edge in calendar.edges[:-1]))
    )
    course = np.array([0, *(1 + quarter % 3 for quarter in range(QUARTERS))])
    employee, column = np.nonzero((planned >= hired[:, None]) & (planned < np.minimum(left, calendar.end)[:, None]))
    at = planned[employee, column] + chance.integers(0, 20 * DAY, len(employee))
    kept = at < np.minimum(left[employee], calendar.end)
    employee, column, at = employee[kept], column[kept], at[kept]
    on_time = chance.random(len(at)) < np.array(model.training_on_time)[calendar.quarter_of(at)]
    early = (chance.random(len(at)) * np.minimum(10 * DAY, at - hired[employee])).astype(np.int64)
    late = (chance.exponential(12 * DAY, len(at)) + DAY).astype(np.int64)
    completed = np.where(on_time, at - early, at + late)
    done = completed < np.minimum(calendar.end, np.where(on_time, calendar.end, left[employee]))
    setting.exporter.write(
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
