"""Who changed what: written with each change, searched, and put into words."""

from .writer import (
    ATTEMPTS,
    CHANGED,
    CREATED,
    DELETED,
    RECORDED_TABLES,
    SOURCES,
    ActorContext,
    Recorded,
    add_confirmed,
    add_entries,
    changes_of,
    current_change_set_id,
    recording,
    write,
    writing,
    written_change_set_id,
)

__all__ = [
    "ATTEMPTS",
    "CHANGED",
    "CREATED",
    "DELETED",
    "RECORDED_TABLES",
    "SOURCES",
    "ActorContext",
    "Recorded",
    "add_confirmed",
    "add_entries",
    "changes_of",
    "current_change_set_id",
    "recording",
    "write",
    "writing",
    "written_change_set_id",
]
