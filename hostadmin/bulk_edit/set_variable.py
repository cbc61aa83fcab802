"""A variable of a host set or taken away, deep inside or not."""

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidValue
from ..validation.json_values import clean_vars, path_within
from ..validation.values import quoted
from .edit import Path


def changed(
    variables: Mapping[str, Any], path: Path, value: list[Any]
) -> dict[str, Any]:
    """Return the variables with another value there, or with none.

    Raises ``InvalidValue`` where the way down ends. Limits are for ``check``.
    """
    result = dict(variables)
    place = result
    path = path_within(variables, path)
    for depth, name in enumerate(path[:-1], start=1):
        if name not in place and not value:
            return result
        inner = place.get(name, {})
        if not isinstance(inner, dict):
            raise InvalidValue(f"{quoted('.'.join(path[:depth]))} is not an object")
        # What was read stays as it is: the history says from what.
        place[name] = dict(inner)
        place = place[name]
    if value:
        place[path[-1]] = value[0]
    else:
        place.pop(path[-1], None)
    return result


def check(variables: Mapping[str, Any]) -> None:
    """Raise ``InvalidValue`` where they break a limit: all at once, for it costs."""
    try:
        clean_vars(variables)
    except InvalidValue as error:
        raise InvalidValue(f"the variables {str(error).rstrip('.')}") from None
