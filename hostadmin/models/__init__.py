"""The tables."""

from .change import ChangeEntry, ChangeSet
from .group import Group, group_children, group_members
from .host import Host, HostAddress, HostAlias
from .inventory import Inventory
from .vocabulary import VocabularyEntry

__all__ = [
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
