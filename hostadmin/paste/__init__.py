"""Pasted names: read them out of any text, find their hosts, add what is missing."""

from .create_hosts import AddPlan, add_names, plan_names
from .match import Ambiguous, Answer, Candidate, Found, find_pasted
from .parse import MAX_CHARACTERS, MAX_NAMES, Cell, Name, read_pasted

__all__ = [
    "MAX_CHARACTERS",
    "MAX_NAMES",
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
