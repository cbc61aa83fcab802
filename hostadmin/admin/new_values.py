"""Questions about values that no host has yet: use the near one, or keep the new."""

import json
from collections.abc import Iterable
from typing import Any

from flask import request

from ..db.session import db
from ..stats.new_values import NewValue, find_new_values

# Before the name of a field: pairs of what was typed in it, and what is meant by that.
CHOICE = "choice_"


def _choices(name: str) -> dict[str, str]:
    found = {}
    for text in request.values.getlist(f"{CHOICE}{name}"):
        try:
            typed, meant = json.loads(text)
        except (ValueError, TypeError):
            continue
        found[str(typed)] = str(meant)
    return found


def take_choices(form: Any) -> None:
    """Put the values into a form that somebody chose instead of what they typed."""
    for name, field in form._fields.items():
        if isinstance(field.data, str):
            field.data = _choices(name).get(field.data.strip(), field.data)


def open_questions(fields: dict[str, Any]) -> list[NewValue]:
    """Return what is to be asked of these values, but for what was chosen to stay."""
    return [
        new
        for new in find_new_values(db.session(), fields)
        if _choices(new.name).get(new.value) != new.value
    ]


def ask(form: Any, questions: Iterable[NewValue]) -> bool:
    """Put the questions at their fields; return whether there are any."""
    asked = False
    for new in questions:
        field = form._fields[new.name]
        field.errors = [*field.errors, new.question]
        field.question = new
        asked = True
    return asked
