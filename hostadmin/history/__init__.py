"""Who changed what: written with each change, searched, and put into words."""

from .writer import (
    ATTEMPTS,
    RECORDED_TABLES,
    Act,
    Recorded,
    add_entries,
    changes_of,
    recording,
    write,
    writing,
    written_change_set_id,
)

__all__ = [
    "ATTEMPTS",
    "RECORDED_TABLES",
    "Act",
    "Recorded",
    "add_entries",
    "changes_of",
    "recording",
    "write",
    "writing",
    "written_change_set_id",
]
