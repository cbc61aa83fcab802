"""The tables."""

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
from .trigrams import TRIGRAM_TABLES, table_name, trigger_names
from .vocabulary import VocabularyEntry

__all__ = [
    "COUNTED_COLUMNS",
    "NOBODY",
    "TRIGRAM_TABLES",
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
    "table_name",
    "trigger_names",
]
