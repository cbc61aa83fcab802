"""Routes that say in OpenAPI what they take and answer, and are given just that."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import make_response
from pydantic import BaseModel
from spectree import Response, SpecTree
from spectree.plugins.base import Context
from spectree.plugins.flask_plugin import FlaskPlugin

from .reading import read_body, read_query
from .shapes import Problem

Function = TypeVar("Function", bound=Callable[..., Any])
Shape = type[BaseModel]


class Reader(FlaskPlugin):
    """Reads requests by our own rules, and leaves answers as they are made."""

    def request_validation(
        self, request: Any, query: Any, json: Any, form: Any, headers: Any, cookies: Any
    ) -> None:
        asked = read_query(query, request.args) if query else None
        body = read_body(json) if json else None
        request.context = Context(asked, body, None, None, None)

    def validate_response(
        self, resp: Any, resp_model: Any, skip_validation: bool, force: bool
    ) -> tuple[Any, None]:
        return make_response(resp), None


class Nothing(BaseModel):
    """No parameters: anyone who gives one meant something by it."""


spec = SpecTree(
    "flask",
    backend=Reader,
    mode="strict",
    title="hostadmin",
    version="1",
    validation_error_model=Problem,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
)


def documented(
    answers: Shape | None = None,
    *,
    status: int = 200,
    tag: str,
    query: Shape = Nothing,
    headers: Shape | None = None,
    path: dict[str, str] | None = None,
) -> Callable[[Function], Function]:
    """Say what a route takes and answers; its body is the argument called ``json``.

    Its first line of documentation is the summary, the rest the description.
    """
    name = f"HTTP_{status}"
    response = Response(**{name: answers}) if answers else Response(name)

    def decorate(function: Function) -> Function:
        decorated: Function = spec.validate(
            query=query,
            headers=headers,
            resp=response,
            tags=[tag],
            path_parameter_descriptions=path,
            operation_id=function.__name__,
        )(function)
        return decorated

    return decorate
