"""The tables."""

from .change import ChangeEntry, ChangeSet
from .group import Group, group_children, group_members
from .host import Host, HostAddress, HostAlias
from .vocabulary import VocabularyEntry

__all__ = [
    "ChangeEntry",
    "ChangeSet",
    "Group",
    "Host",
    "HostAddress",
    "HostAlias",
    "VocabularyEntry",
    "group_children",
    "group_members",
]
