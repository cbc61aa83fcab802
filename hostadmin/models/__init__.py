"""The tables."""

from . import trigrams as trigrams
from .account import (
    Account,
    AccountAddress,
    AccountSession,
    ApiToken,
    LoginAttempt,
    SetupLink,
)
from .group import Group, group_children, group_members
from .history import ChangeEntry, ChangeSet, FormerName, change_counts, change_fields
from .host import COUNTED_COLUMNS, Host, HostAddress, HostAlias
from .host_set import HostSet, host_set_members
from .inventory import Inventory
from .saved_view import NOBODY, DefaultView, SavedView
from .vocabulary import VocabularyEntry

__all__ = [
    "COUNTED_COLUMNS",
    "NOBODY",
    "Account",
    "AccountAddress",
    "AccountSession",
    "ApiToken",
    "ChangeEntry",
    "ChangeSet",
    "DefaultView",
    "FormerName",
    "Group",
    "Host",
    "HostAddress",
    "HostAlias",
    "HostSet",
    "Inventory",
    "LoginAttempt",
    "SavedView",
    "SetupLink",
    "VocabularyEntry",
    "change_counts",
    "change_fields",
    "group_children",
    "group_members",
    "host_set_members",
]
