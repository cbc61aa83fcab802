"""JSON Merge Patch (RFC 7396)."""

from typing import Any

from pydantic import BaseModel

from ..errors import FieldError, InvalidInput
from ..validation.json_values import MAX_DEPTH


def given(model: BaseModel) -> dict[str, Any]:
    """Return what was sent, as it was sent; what was not is not in it."""
    sent = model.model_fields_set
    return {n: getattr(model, n) for n in type(model).model_fields if n in sent}


def with_vars(fields: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with variables as they will be, where some were sent."""
    if not fields.get("vars"):
        return fields
    return fields | {"vars": merged(stored, fields["vars"])}


def merged(target: Any, patch: Any, depth: int = 0) -> Any:
    """Return what a patch makes of a value: null takes away, all else is put there.

    Raises ``InvalidInput`` for what is too deep to be kept.
    """
    if not isinstance(patch, dict):
        return patch
    if depth > MAX_DEPTH:
        words = f"are nested more than {MAX_DEPTH} levels deep."
        raise InvalidInput([FieldError("vars", words)])
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value, depth + 1)
    return result
