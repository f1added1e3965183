"""Who may do what: the roles of an organisation and what each is allowed.

One table, so that pages, interface and tests read the same.
"""

from typing import Literal, get_args

from septima.schema import Text

Role = Literal["administrator", "leader", "head", "analyst", "employee", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_NAMES: dict[Role, Text] = {
    "administrator": Text("Administrator", "Администратор"),
    "leader": Text("CRM leader", "Руководитель CRM"),
    "head": Text("Head of a department", "Руководитель подразделения"),
    "analyst": Text("Analyst", "Аналитик"),
    "employee": Text("Employee", "Сотрудник"),
    "viewer": Text("Viewer", "Наблюдатель"),
}

Capability = Literal[
    "view_scorecard",
    "view_rows",
    "view_own",
    "view_department",
    "annotate",
    "manage_actions",
    "view_models",
    "assign_experiments",
    "view_surveys",
    "build_surveys",
    "view_links",
    "manage_links",
    "view_customers",
    "merge_customers",
    "erase_customers",
    "view_definitions",
    "edit_definitions",
    "approve_definitions",
    "view_data",
    "load_data",
    "administer",
]

_EVERYONE: frozenset[Role] = frozenset(ROLES)
_ALLOWED: dict[Capability, frozenset[Role]] = {
    "view_scorecard": _EVERYONE,
    "view_rows": frozenset({"leader", "head", "analyst"}),
    "view_own": _EVERYONE,
    "view_department": frozenset({"leader", "head", "analyst"}),
    "annotate": frozenset({"leader", "head", "analyst"}),
    "manage_actions": frozenset({"leader", "head"}),
    "view_models": frozenset({"leader", "head", "analyst"}),
    "assign_experiments": frozenset({"leader", "analyst"}),
    "view_surveys": _EVERYONE,
    "build_surveys": frozenset({"leader", "head", "analyst"}),
    "view_links": frozenset({"administrator", "leader", "head", "analyst", "viewer"}),
    "manage_links": frozenset({"leader", "head", "analyst"}),
    "view_customers": frozenset({"leader", "head", "analyst", "employee"}),
    "merge_customers": frozenset({"leader", "analyst"}),
    "erase_customers": frozenset({"leader", "administrator"}),
    "view_definitions": frozenset({"administrator", "leader", "head", "analyst"}),
    "edit_definitions": frozenset({"leader", "analyst"}),
    "approve_definitions": frozenset({"leader", "head"}),
    "view_data": frozenset({"administrator", "leader", "head", "analyst"}),
    "load_data": frozenset({"administrator", "analyst"}),
    "administer": frozenset({"administrator"}),
}


def allowed(role: str, capability: Capability) -> bool:
    """Whether a role may do this."""
    return role in _ALLOWED[capability]
