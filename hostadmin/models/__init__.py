"""The tables."""

from ..db.guards import guards
from . import trigrams as trigrams
from .account import (
    Account,
    AccountAddress,
    AccountSession,
    ApiToken,
    LoginAttempt,
    SetupLink,
)
from .file_import import FileImport, ImportMapping, file_import_pieces
from .group import Group, group_children, group_members
from .history import (
    ChangeEntry,
    ChangeSet,
    FormerName,
    change_counts,
    change_fields,
    inventory_changes,
    undos,
)
from .host import COUNTED_COLUMNS, Host, HostAddress, HostAlias
from .host_counts import KEPT_COUNTS, NOT_KEPT, host_counts
from .host_set import HostSet, host_set_members
from .inventory import Inventory
from .job import Job
from .kept_answer import KeptAnswer
from .saved_view import NOBODY, DefaultView, SavedView
from .vocabulary import VocabularyEntry

__all__ = [
    "COUNTED_COLUMNS",
    "KEPT_COUNTS",
    "NOBODY",
    "NOT_KEPT",
    "Account",
    "AccountAddress",
    "AccountSession",
    "ApiToken",
    "ChangeEntry",
    "ChangeSet",
    "DefaultView",
    "FileImport",
    "FormerName",
    "Group",
    "Host",
    "HostAddress",
    "HostAlias",
    "HostSet",
    "ImportMapping",
    "Inventory",
    "Job",
    "KeptAnswer",
    "LoginAttempt",
    "SavedView",
    "SetupLink",
    "VocabularyEntry",
    "change_counts",
    "change_fields",
    "file_import_pieces",
    "group_children",
    "group_members",
    "guards",
    "host_counts",
    "host_set_members",
    "inventory_changes",
    "undos",
]
