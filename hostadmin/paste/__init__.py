"""Pasted names: read them out of any text, find their hosts, add what is missing."""

from .create_hosts import AddPlan, add_names, plan_names
from .match import Ambiguous, Answer, Candidate, Found, find_pasted
from .parse import Cell, Name, read_pasted

__all__ = [
    "AddPlan",
    "Ambiguous",
    "Answer",
    "Candidate",
    "Cell",
    "Found",
    "Name",
    "add_names",
    "find_pasted",
    "plan_names",
    "read_pasted",
]
