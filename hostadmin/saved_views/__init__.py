"""Saved views: a name for a query, its columns and its order."""

from .check import check_query, gone_values, naming_group, problem_of
from .read import (
    HOSTS,
    PAGES,
    STATS,
    Viewer,
    address_args,
    default_view,
    default_view_id,
    find_view,
    get_view,
    list_views,
    may_change,
    named_view,
)
from .write import View, add_view, change_view, delete_view, set_default

__all__ = [
    "HOSTS",
    "PAGES",
    "STATS",
    "View",
    "Viewer",
    "add_view",
    "address_args",
    "change_view",
    "check_query",
    "default_view",
    "default_view_id",
    "delete_view",
    "find_view",
    "get_view",
    "gone_values",
    "list_views",
    "may_change",
    "named_view",
    "naming_group",
    "problem_of",
    "set_default",
]
