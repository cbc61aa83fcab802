"""Programs of the tests: they call the API with a token."""

import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from hostadmin import history
from hostadmin.auth import tokens

PROBLEM = "application/problem+json"


class Program:
    """Calls with a token of its own."""

    def __init__(self, app: Flask, role: str = "editor", **options: Any) -> None:
        self.client = app.test_client()
        with app.app_context(), history.writing("tests"):
            self.key = tokens.add_token(f"program {role}", role, **options)[1]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the answer; ``If_Match`` is the header If-Match."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent["Authorization"] = f"Bearer {self.key}"
        data = body
        if body is not None and not isinstance(body, bytes):
            data = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        address = f"/api/v1{path}"
        response = self.client.open(address, method=method, data=data, headers=sent)
        check_problem(response)
        return response

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def all(self, path: str) -> list[Any]:
        """Return the items of all pages."""
        items: list[Any] = []
        sign = "&" if "?" in path else "?"
        page = self.get(path).json
        while True:
            items += page["items"]
            if page["next"] is None:
                return items
            page = self.get(f"{path}{sign}cursor={page['next']}").json


def check_problem(response: TestResponse) -> None:
    """Whatever went wrong has the one shape of a problem."""
    if response.status_code < 400 or not response.data:
        return
    assert response.mimetype == PROBLEM, response.data
    problem = response.json
    assert problem["status"] == response.status_code
    assert problem["type"] == f"/api/#problem-{response.status_code}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["X-Request-ID"]
    for wrong in problem.get("errors", ()):
        assert wrong["detail"]
        assert wrong.get("pointer", "#").startswith("#")
    assert "Set-Cookie" not in response.headers
