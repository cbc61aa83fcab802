"""Changes to many hosts: first a plan that says exactly what, then that, as one change.

Whichever way the hosts were chosen, by a query or one by one, they are written at the
versions that the plan showed or not at all.
"""

from .apply import change
from .diff import IN, NOT_IN, Move
from .edit import (
    ASKED_ABOVE,
    CHANGE,
    CONFIRM,
    DELETE,
    INTO,
    OUT_OF,
    RETIRE,
    Wish,
    read_respelling,
    read_wish,
)
from .plan import ChangePlan, Line, MissingGroups, SampleHost, plan_change, text_of
from .selection import MAX_IDS, Selection, ids_text, read_ids
from .shown_versions import Seen, differences
from .summary import message, summary

__all__ = [
    "ASKED_ABOVE",
    "CHANGE",
    "CONFIRM",
    "DELETE",
    "IN",
    "INTO",
    "MAX_IDS",
    "NOT_IN",
    "OUT_OF",
    "RETIRE",
    "ChangePlan",
    "Line",
    "MissingGroups",
    "Move",
    "SampleHost",
    "Seen",
    "Selection",
    "Wish",
    "change",
    "differences",
    "ids_text",
    "message",
    "plan_change",
    "read_ids",
    "read_respelling",
    "read_wish",
    "summary",
    "text_of",
]
