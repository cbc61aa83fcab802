"""The tables."""

from .change import ChangeEntry, ChangeSet
from .group import Group, group_children, group_members
from .host import COUNTED_COLUMNS, Host, HostAddress, HostAlias
from .inventory import Inventory
from .vocabulary import VocabularyEntry

__all__ = [
    "COUNTED_COLUMNS",
    "ChangeEntry",
    "ChangeSet",
    "Group",
    "Host",
    "HostAddress",
    "HostAlias",
    "Inventory",
    "VocabularyEntry",
    "group_children",
    "group_members",
]
