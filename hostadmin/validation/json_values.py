"""Variables: which JSON is kept, its text, and when two values are the same."""

import json
import math
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue
from .values import MAX_BYTES, MAX_TEXT, quoted, refuse_unprintable

MAX_DEPTH = 20
# Beyond the range of a double, databases and JSON readers disagree about a number.
MAX_DIGITS = 300


def clean_vars(value: object) -> dict[str, Any]:
    """Return variables: a JSON object within the limits of size, depth and numbers."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidValue("must be a mapping of names to values.")
    _check_json(value, "", 0)
    size = len(json_text(value).encode())
    if size > MAX_BYTES:
        raise InvalidValue(f"must have at most {MAX_BYTES:,} bytes, not {size:,}.")
    return value


def path_within(variables: Mapping[str, Any], path: tuple[str, ...]) -> tuple[str, ...]:
    """Return where a variable is: by its whole name, dots and all, before a path.

    ``var.net.mtu`` is the variable "net.mtu" of a host that has one, and what is inside
    of "net" for any other. ``hostadmin.query.sql.json_path`` says the same in SQL.
    """
    name = ".".join(path)
    return (name,) if name in variables else path


def variable_at(variables: Mapping[str, Any], path: tuple[str, ...]) -> list[Any]:
    """Return what is there in a list, or an empty one: null is a value, too."""
    value: Any = variables
    for name in path_within(variables, path):
        if not isinstance(value, dict) or name not in value:
            return []
        value = value[name]
    return [value]


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_text(value: object) -> str:
    """Return compact JSON text, the form whose length counts."""
    return _compact.encode(value)


def same_json(one: object, other: object) -> bool:
    """Whether two JSON values are equal in type and value; order of names is none."""

    def canonical(value: object) -> str:
        return json.dumps(value, sort_keys=True)

    return one is other or canonical(one) == canonical(other)


def _check_json(value: object, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidValue(f"must be nested at most {MAX_DEPTH} levels deep.")
    if isinstance(value, dict):
        for key, item in value.items():
            _check_json_key(key, path)
            _check_json(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_json(item, f"{path}[{number}]", depth + 1)
    else:
        _check_json_scalar(value, path)


def _check_json_key(key: object, path: str) -> None:
    where = f" in {quoted(path)}" if path else ""
    if not isinstance(key, str):
        raise InvalidValue(
            f"the name {quoted(key)}{where} is not text. Put it in quotes."
        )
    if not key or len(key) > MAX_TEXT:
        raise InvalidValue(f"a name{where} is empty or over {MAX_TEXT} characters.")
    try:
        refuse_unprintable(key, multiline=False)
    except InvalidValue as error:
        raise InvalidValue(f"in the name {quoted(key)}{where}, {error}") from None


def _check_json_scalar(value: object, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        try:
            refuse_unprintable(value, multiline=True)
        except InvalidValue as error:
            raise InvalidValue(f"in {quoted(path)}, {error}") from None
    elif isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise InvalidValue(f"{quoted(path)} has over {MAX_DIGITS} digits.")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(f"{quoted(path)} is {value}, which is not a number.")
    else:
        raise InvalidValue(
            f"{quoted(path)} is a {type(value).__name__}; put it in quotes."
        )
