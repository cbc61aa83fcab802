"""What programs send, read into models: every member known, and of its own type."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import UnsupportedMediaType

from ..errors import FieldError, InvalidFile, InvalidInput, QueryError
from ..formats.json_stream import whole
from ..validation.values import did_you_mean, quoted

Model = TypeVar("Model", bound=BaseModel)

# How pydantic calls what is wrong, and how we do.
WORDS = {
    "bool_type": "is not true or false.",
    "dict_type": "is not an object.",
    "int_from_float": "is not a whole number.",
    "int_parsing": "is not a whole number.",
    "int_type": "is not a whole number.",
    "list_type": "is not a list.",
    "missing": "is missing.",
    "model_type": "is not an object.",
    "string_type": "is not text.",
}


def read_query(model: type[Model], args: MultiDict[str, str]) -> Model:
    """Return the parameters of an address.

    Raises ``QueryError``: one that is not known, ignored, would give more than was
    asked for.
    """
    fields = model.model_fields
    for name in args:
        if name not in fields:
            raise QueryError(
                f"Unknown parameter {quoted(name)}.",
                did_you_mean(name, fields) or _known(fields),
            )
    given: dict[str, Any] = {}
    for name, texts in args.lists():
        is_list = fields[name].annotation == list[str]
        if len(texts) > 1 and not is_list:
            raise QueryError(f"“{name}” is set more than once in the address.")
        given[name] = texts if is_list else texts[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise QueryError(f"“{first['loc'][0]}” {_words(first)}") from None


def _known(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"Use one of: {known}." if known else "This address takes none."


def read_body(model: type[Model]) -> Model:
    """Return the JSON that was sent. Raises ``InvalidInput`` with all that is wrong."""
    return checked(model, read_json())


def read_json() -> Any:
    """Return what was sent. Raises ``InvalidInput`` for what is not JSON."""
    mimetype = request.mimetype
    if mimetype != "application/json" and not mimetype.endswith("+json"):
        raise UnsupportedMediaType("Send JSON with Content-Type: application/json.")
    try:
        return whole("The body", request.get_data().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidInput([FieldError("", "The body is not UTF-8.")]) from None
    except InvalidFile as error:
        raise InvalidInput([FieldError("", str(error))]) from None


def checked(model: type[Model], value: Any) -> Model:
    """Return a value as the model. Raises ``InvalidInput`` with all that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        known = tuple(model.model_fields)
        errors = (_field_error(one, known) for one in error.errors())
        raise InvalidInput(errors) from None


def _field_error(error: Mapping[str, Any], known: Iterable[str]) -> FieldError:
    path = "/".join(escaped(str(part)) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        hint = did_you_mean(str(error["loc"][-1]), known)
        if not hint and len(error["loc"]) == 1:
            hint = f"Use one of: {', '.join(known)}."
        return FieldError(path, f"is unknown. {hint}".strip())
    return FieldError(path, _words(error))


def escaped(name: str) -> str:
    """Return a name as a part of a path."""
    return name.replace("~", "~0").replace("/", "~1")


def _words(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in WORDS:
        return WORDS[kind]
    if kind in ("greater_than_equal", "less_than_equal"):
        least = kind == "greater_than_equal"
        bound = context["ge" if least else "le"]
        return f"must be at {'least' if least else 'most'} {bound:,}."
    if kind in ("literal_error", "enum"):
        return f"is not one of {context['expected']}."
    text = str(error["msg"])
    return f"is not valid: {text[:1].lower()}{text[1:]}."
