"""Changes to many hosts: first a plan that says exactly what, then that, as one change.

Whichever way the hosts were chosen, by a query or one by one, they are written at the
versions that the plan showed or not at all.
"""

from .apply import change
from .diff import IN, NOT_IN, FieldChange
from .edit import (
    ADD_GROUPS,
    CHANGE,
    CONFIRM,
    DELETE,
    REMOVE_GROUPS,
    RETIRE,
    SETTABLE,
    BulkEdit,
    read_edit,
    read_rename,
)
from .plan import ChangePlan, Line, MissingGroups, SampleHost, plan_change, text_of
from .selection import MAX_IDS, Selection, ids_text, read_ids
from .shown_versions import Seen, differences
from .summary import message, summary
from .typed_number import asks_number, is_number

__all__ = [
    "ADD_GROUPS",
    "CHANGE",
    "CONFIRM",
    "DELETE",
    "IN",
    "MAX_IDS",
    "NOT_IN",
    "REMOVE_GROUPS",
    "RETIRE",
    "SETTABLE",
    "BulkEdit",
    "ChangePlan",
    "FieldChange",
    "Line",
    "MissingGroups",
    "SampleHost",
    "Seen",
    "Selection",
    "asks_number",
    "change",
    "differences",
    "ids_text",
    "is_number",
    "message",
    "plan_change",
    "read_edit",
    "read_ids",
    "read_rename",
    "summary",
    "text_of",
]
