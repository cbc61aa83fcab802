"""What was sent about an import: how to read it, what its columns are, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from werkzeug.datastructures import MultiDict

from ...errors import InvalidFile, InvalidValue
from ...formats.read_options import (
    IGNORE,
    ReadOptions,
    column_choices,
    read_delimiter,
    value_choices,
)
from ...imports.choices import Choices, check_missing
from ...imports.layouts import FORMATS
from ...imports.table_columns import columns_choice
from ...validation.rules import HOST_RULES
from ...validation.values import STATUSES, clean_reason, fold, quoted

Form = MultiDict[str, str]
VARIABLE = "var"
# Of these a host has several, or takes several columns as one.
_SEVERAL = ("hostname", "ip_addr", "aliases", "addresses", "groups")
# What a word can mean that is no status; to leave it an error is nothing.
NOT_SET = "(not set)"
MEANINGS = (*STATUSES, NOT_SET)


def meanings_of(field: str) -> tuple[str, ...]:
    """Return what a word can mean that this field does not take."""
    return MEANINGS if field == "status" else (NOT_SET,)


_MOST_SAME = 1_000
_TRUE = ("1", "on", "true", "yes")


def is_ticked(form: Mapping[str, str], name: str) -> bool:
    return form.get(name, "").lower() in _TRUE


def read_file_form(form: Form, choices: Choices) -> Choices:
    """Return how the file shall be read. Raises ``InvalidFile`` or ``InvalidValue``."""
    format = form.get("format") or "auto"
    if format not in FORMATS:
        raise InvalidFile(f"{quoted(format)} is not a format.")
    chosen = choices.reading(
        format=format,
        encoding=form.get("encoding", "").strip()[:40],
        delimiter=read_delimiter(form.get("delimiter", "")),
        sheet=form.get("sheet", "")[:255],
        header_row=_line(form.get("header_row", "")),
        keep_placeholders=is_ticked(form, "keep_placeholders"),
        bare_names=is_ticked(form, "bare_names"),
        all_hosts=is_ticked(form, "all_hosts"),
    )
    return replace(chosen, is_confirmed=False)


def _line(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidValue(f"{quoted(text)} is not a valid line number.")
    return int(text)


def read_tool_form(form: Form) -> Choices:
    """Return what a program sent along with its file, in the words of the command."""
    chosen = read_file_form(form, Choices())
    read = replace(
        chosen.read,
        columns=column_choices(form.getlist("column")),
        values=value_choices(form.getlist("value")),
    )
    chosen = replace(
        chosen,
        read=read,
        is_confirmed=True,
        then_apply=is_ticked(form, "apply"),
        skip_errors=is_ticked(form, "skip_errors"),
    )
    return read_plan_form(form, chosen)


def read_plan_form(form: Form, choices: Choices) -> Choices:
    """Return what shall be done beside. Raises ``QueryError``, among others."""
    chosen = replace(
        choices,
        replace=is_ticked(form, "replace"),
        missing=check_missing(form.get("missing") or "report"),
        within=form.get("within", "").strip(),
        message=clean_reason(form.get("message")) or "",
    )
    # Refused here rather than by the job.
    _ = chosen.node
    return chosen


def read_same_form(form: Form, choices: Choices) -> Choices:
    """Return which names of the file are hosts that have another name here."""
    same = dict(choices.same)
    for text in form.getlist("same"):
        # A line end is in no name.
        name, _, other = text.partition("\n")
        if name and other and len(same) < _MOST_SAME:
            same[name] = other
    for name in form.getlist("not_same"):
        same.pop(name, None)
    return replace(choices, same=same)


# ---- columns


def read_columns_form(
    form: Form, found: Mapping[str, Any], choices: Choices
) -> Choices:
    """Return the columns and the meanings of words as they were chosen.

    Raises ``InvalidValue`` where something is left open or said twice.
    """
    columns: list[dict[str, Any]] = found["columns"]
    fields = {
        column["ref"]: form.get(f"c{index}", column["field"])
        for index, column in enumerate(columns)
    }
    heads = {column["ref"]: column["header"] for column in columns}
    _check_fields(fields, heads)
    read = replace(
        choices.read,
        columns=columns_choice(heads, fields),
        values=_values(form, found.get("unknown", []), choices.read),
        header_row=found["header_row"],
        delimiter=found["delimiter"],
        sheet=found["sheet"],
    )
    return replace(choices, read=read, is_confirmed=True)


def _check_fields(fields: Mapping[str, str], heads: Mapping[str, str]) -> None:
    taken: dict[str, str] = {}
    for ref, field in fields.items():
        if not field:
            raise InvalidValue(f"Choose what the column {quoted(heads[ref])} is.")
        if field in (IGNORE, VARIABLE):
            continue
        if field not in HOST_RULES and not field.startswith(f"{VARIABLE}."):
            raise InvalidValue(f"{quoted(field)} is not a field.")
        if field in taken and field not in _SEVERAL:
            raise InvalidValue(
                f"{quoted(heads[taken[field]])} and {quoted(heads[ref])} cannot both "
                f"be {field}: a host has one. Make one of them a variable."
            )
        taken[field] = ref
    if not {"hostname", "ip_addr"} & taken.keys():
        raise InvalidValue(
            "Choose the column with the names of the hosts, or with their addresses."
        )


def _values(
    form: Form, unknown: Iterable[tuple[str, str, int]], read: ReadOptions
) -> dict[str, dict[str, str]]:
    found = {name: dict(of) for name, of in read.values.items()}
    for index, (field, text, _) in enumerate(unknown):
        meaning = form.get(f"v{index}", "")
        if meaning in meanings_of(field):
            value = "" if meaning == NOT_SET else meaning
            found.setdefault(field, {})[fold(text)] = value
    return found


def is_as_found(chosen: Choices, choices: Choices, found: Mapping[str, Any]) -> bool:
    """Whether the plan that is there was made of exactly these columns and words."""
    guessed = columns_choice(
        {column["ref"]: column["header"] for column in found["columns"]},
        {column["ref"]: column["field"] for column in found["columns"]},
    )
    return (
        bool(found.get("has_plan"))
        and chosen.read.columns == guessed
        and chosen.read.values == choices.read.values
    )
