"""The columns of a table as a page asks about them: samples, a guess, and how sure."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidFile
from ..formats.csv_table.columns import (
    MAX_COLUMNS,
    chosen_columns,
    guess_fields,
    holds_addresses,
    is_own,
    variable_name,
)
from ..formats.csv_table.seen import SHOWN_ROWS, TableSeen
from ..formats.read_options import IGNORE, VARIABLE, ReadOptions
from ..validation.rules import HOST_RULES
from .choices import reference

SAMPLES = 3
_MAX_CELL = 60
_MAX_HEAD_CELLS = 12
# How sure a column is: named as the field is, chosen by somebody, known by another
# name, kept as a variable since it is none, left out, or asked.
OWN, CHOSEN, KNOWN, KEPT, LEFT_OUT, ASKED = (
    *("own", "chosen", "known", "kept"),
    *("left out", "asked"),
)


def describe_columns(seen: TableSeen, options: ReadOptions) -> list[dict[str, Any]]:
    """Return a plain value for each column; none without a header, or of too many."""
    if seen.header is None or len(seen.header.cells) > MAX_COLUMNS:
        return []
    headers = seen.header.cells
    fields = _fields_by_index(headers, seen, options)
    chosen = _chosen_indexes(headers, options)
    return [
        _column(index, headers, seen, fields.get(index, ""), index in chosen)
        for index in range(len(headers))
    ]


def _fields_by_index(
    headers: Sequence[str], seen: TableSeen, options: ReadOptions
) -> dict[int, str]:
    """Return index → field, variable or ignore, for columns that are not asked."""
    columns = seen.columns or guess_fields(
        headers, seen.samples, _usable(headers, options), seen.candidates
    )
    found = {
        index: name for name, indexes in columns.fields.items() for index in indexes
    }
    variables = {index: VARIABLE + name for name, index in columns.variables.items()}
    return found | variables


def _usable(headers: Sequence[str], options: ReadOptions) -> ReadOptions:
    """Return the options without columns that this file does not have."""
    try:
        chosen_columns(headers, options)
    except InvalidFile:
        return ReadOptions(header_row=options.header_row)
    return options


def _chosen_indexes(headers: Sequence[str], options: ReadOptions) -> set[int]:
    chosen = chosen_columns(headers, _usable(headers, options))
    return {index for indexes in chosen.values() for index in indexes}


def _column(
    index: int, headers: tuple[str, ...], seen: TableSeen, field: str, is_chosen: bool
) -> dict[str, Any]:
    header = headers[index]
    state, hint = _state(index, header, seen, field, is_chosen)
    return {
        "ref": reference(headers, index),
        "header": header,
        "samples": _samples(index, seen.samples),
        "field": "" if state == ASKED else field or IGNORE,
        "state": state,
        "hint": hint,
    }


def _state(
    index: int, header: str, seen: TableSeen, field: str, is_chosen: bool
) -> tuple[str, str]:
    if is_chosen:
        return CHOSEN, ""
    if index in seen.candidates:
        return ASKED, "could be the name of the host"
    if not field:
        hint = "set by hostadmin" if is_own(header) else ""
        return LEFT_OUT, hint or "only counts the rows, or is empty"
    if not field.startswith(VARIABLE):
        return (OWN if header in HOST_RULES else KNOWN), ""
    if seen.columns is None and holds_addresses(index, seen.samples):
        return ASKED, "holds addresses"
    hint = "holds addresses" if holds_addresses(index, seen.samples) else ""
    return (OWN if header != variable_name(header) else KEPT), hint


def _samples(index: int, rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the first different cells that are not empty."""
    texts = (row[index].strip() for row in rows if index < len(row))
    different = list(dict.fromkeys(text for text in texts if text))[:SAMPLES]
    return [_short(text) for text in different]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_CELL else f"{line[:_MAX_CELL]}…"


def describe_head(seen: TableSeen) -> list[dict[str, Any]]:
    """Return the first rows, from which somebody may choose the header."""
    return [
        {"line": line, "cells": [_short(cell) for cell in cells[:_MAX_HEAD_CELLS]]}
        for line, cells in list(seen.head)[:SHOWN_ROWS]
    ]


def columns_choice(
    headers: Mapping[str, str], fields: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the option that gives each column what was chosen for it.

    ``headers`` is reference → heading, ``fields`` reference → field, ``var`` or ignore.
    """
    found: dict[str, tuple[str, ...]] = {}
    for ref, field in fields.items():
        if field == VARIABLE.rstrip("."):
            heading = headers.get(ref, "")
            field = VARIABLE + (variable_name(heading) or f"column{ref[1:]}")
        found[field] = (*found.get(field, ()), ref)
    return found
