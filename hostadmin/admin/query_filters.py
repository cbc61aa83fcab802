"""The fields of the query as filters of Flask-Admin."""

from dataclasses import dataclass
from typing import Any

from flask_admin.model.filters import BaseFilter

from ..db.session import db
from ..query.fields import FIELDS, Field, find_field
from ..query.parse_terms import operators_of
from ..query.sql.compiler import compile_node
from ..query.url_filters import FILTER_WORDS, filter_arg, parse_filters
from .generated.list_context import FilterField


class FieldFilter(BaseFilter):
    """One operation on one field; the tree and its compiler do the work."""

    def __init__(self, field: Field, op: str) -> None:
        super().__init__(field.label)
        self.field, self.op = field, op
        self.key = f"{field.name}_{op}"

    def operation(self) -> str:
        return FILTER_WORDS[self.op]

    def apply(self, query: Any, value: str, alias: Any = None) -> Any:
        node = parse_filters([filter_arg(self.field.name, self.op, value)])
        return query.where(compile_node(db.session(), node))


def operations_of(field: Field) -> tuple[tuple[str, str], ...]:
    return tuple((op, FILTER_WORDS[op]) for op in field.operations)


def filter_menu() -> tuple[FilterField, ...]:
    """Return the fields and operations of the form "Add filter"."""
    return tuple(
        FilterField(
            field.name,
            field.label,
            operations_of(field),
        )
        for field in FIELDS.values()
    )


@dataclass(frozen=True)
class HelpField:
    name: str
    label: str
    description: str
    aliases: tuple[str, ...]
    operators: tuple[str, ...]


def help_fields() -> list[HelpField]:
    """Return what the help page says about each field."""
    return [
        HelpField(
            field.name,
            field.label,
            field.description,
            field.aliases,
            operators_of(field),
        )
        for field in (*FIELDS.values(), find_field("var.NAME"))
    ]
