"""The fields of hosts and groups, and the rule of each: one table for every way in.

``clean_host`` and ``clean_group`` tell every field that is wrong at once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import FieldError, InvalidInput, InvalidValue
from .host_fields import HOST_FIELDS
from .json_values import clean_vars
from .values import clean_group_name, clean_groups, clean_text, name_key

HOST_RULES: dict[str, Callable[[object], Any]] = {
    field.name: field.rule for field in HOST_FIELDS if field.rule is not None
}

GROUP_RULES: dict[str, Callable[[object], Any]] = {
    "name": clean_group_name,
    "description": clean_text,
    "children": clean_groups,
    "vars": clean_vars,
}


def clean_fields(
    given: Mapping[str, object], rules: Mapping[str, Callable[[object], Any]]
) -> dict[str, Any]:
    """Return the given fields as they are stored.

    Only fields that were given are returned. Raises ``InvalidInput`` with every
    field that is wrong.
    """
    cleaned: dict[str, Any] = {}
    errors: list[FieldError] = []
    for field, value in given.items():
        if field not in rules:
            errors.append(
                FieldError(field, f"is not a field. Use one of: {', '.join(rules)}.")
            )
            continue
        try:
            cleaned[field] = rules[field](value)
        except InvalidValue as error:
            errors.append(FieldError(field, str(error)))
    if errors:
        raise InvalidInput(errors)
    return cleaned


def clean_host(given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given fields of a host as they are stored; see ``clean_fields``.

    An alias that only repeats the name, or a further address that repeats the
    address, is left out.
    """
    cleaned = clean_fields(given, HOST_RULES)
    if "hostname" in cleaned and "aliases" in cleaned:
        own = name_key(cleaned["hostname"])
        cleaned["aliases"] = [a for a in cleaned["aliases"] if name_key(a) != own]
    if cleaned.get("ip_addr") and "addresses" in cleaned:
        cleaned["addresses"] = [
            a for a in cleaned["addresses"] if a != cleaned["ip_addr"]
        ]
    return cleaned


def clean_group(given: Mapping[str, object]) -> dict[str, Any]:
    """Return the given fields of a group as they are stored; see ``clean_fields``."""
    return clean_fields(given, GROUP_RULES)
