"""A model of the company's processes by IDEF0: definition, reading and checks, arrows, live figures."""

from septima.scorecard.processes.arrows import Arrow, End, Problem, advice_of, arrows_of, codes_of
from septima.scorecard.processes.definition import CONTEXT, ROLES, TAKEN, TOP, Box, Flow, ProcessModel, Role, Sheet
from septima.scorecard.processes.reading import FILE, parse_processes, read_processes, starter_processes, told

__all__ = [
    "CONTEXT",
    "FILE",
    "ROLES",
    "TAKEN",
    "TOP",
    "Arrow",
    "Box",
    "End",
    "Flow",
    "Problem",
    "ProcessModel",
    "Role",
    "Sheet",
    "advice_of",
    "arrows_of",
    "codes_of",
    "parse_processes",
    "read_processes",
    "starter_processes",
    "told",
]
