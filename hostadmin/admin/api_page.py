"""The page that describes the API, made of what the API says of itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

Schema = Mapping[str, Any]
SCHEMAS = "#/components/schemas/"


@dataclass(frozen=True)
class Member:
    """A parameter, or a member of an object. ``links`` are models of its type."""

    name: str
    where: str
    type: str
    links: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    anchor: str
    summary: str
    description: str
    parameters: list[Member]
    sent: str
    answered: str


@dataclass(frozen=True)
class Model:
    name: str
    words: str
    members: list[Member]


class ApiPage(BaseView):
    @expose("/")
    def index(self) -> ResponseReturnValue:
        describe, problems = current_app.extensions["hostadmin_api"]
        said = describe(current_app)
        page: str = self.render(
            "api/index.html",
            description=said["info"]["description"],
            sections=_sections(said),
            models=[_model(*item) for item in said["components"]["schemas"].items()],
            problems=problems,
            address=request.host_url.rstrip("/") + request.script_root,
        )
        return page

    def is_visible(self) -> bool:
        return False


def _sections(said: Schema) -> dict[str, list[Operation]]:
    """Return the operations by what they are about, in the order of the routes."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in said["tags"]}
    for path, operations in said["paths"].items():
        for method, operation in operations.items():
            [tag] = operation["tags"]
            found[tag].append(_operation(method, path, operation))
    return found


def _operation(method: str, path: str, said: Schema) -> Operation:
    good = next(r for code, r in said["responses"].items() if code.startswith("2"))
    return Operation(
        method.upper(),
        path,
        said["operationId"],
        said["summary"],
        said.get("description", ""),
        [_parameter(parameter) for parameter in said["parameters"]],
        _model_name(said.get("requestBody", {})),
        _model_name(good),
    )


def _parameter(said: Schema) -> Member:
    where = said["in"] + (", required" if said["required"] else "")
    words = said.get("description", "")
    kind, links = _type(said["schema"])
    return Member(said["name"], where, _with_limits(kind, said["schema"]), links, words)


def _with_limits(kind: str, schema: Schema) -> str:
    if "minimum" in schema and schema["maximum"] < 10**6:
        kind += f", {schema['minimum']:,}–{schema['maximum']:,}"
    default = schema.get("default")
    if default in (None, "", [], False):
        return kind
    return f"{kind}, default {default}"


def _model_name(said: Schema) -> str:
    """Return the model of a body; that of a file has none, nor has nothing."""
    for content in said.get("content", {}).values():
        return str(content["schema"].get("$ref", "a file")).removeprefix(SCHEMAS)
    return ""


def _model(name: str, said: Schema) -> Model:
    required = said.get("required", ())
    members = []
    for member, schema in said.get("properties", {}).items():
        kind, links = _type(schema)
        where = "required" if member in required else ""
        words = schema.get("description", "")
        members.append(Member(member, where, kind, links, words))
    return Model(name, said.get("description", ""), members)


def _type(schema: Schema) -> tuple[str, tuple[str, ...]]:
    """Return a type in words, and the models in it."""
    links = tuple(dict.fromkeys(_references(schema)))
    return _in_words(schema), links


def _in_words(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(SCHEMAS)
    if "anyOf" in schema:
        return " or ".join(map(_in_words, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    kind = str(schema.get("type", "anything"))
    if kind == "array" and "items" in schema:
        return f"list of {_in_words(schema['items'])}"
    return _NAMES.get(kind, kind)


_NAMES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "string": "text",
}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield str(schema["$ref"]).removeprefix(SCHEMAS)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)
