"""An import, step by step, as somebody walks through its pages."""

import io
from typing import Any

import pytest

from hostadmin.limits import limits

from ..helpers.pages import csrf, parse


@pytest.fixture
def upload(client, monkeypatch):
    """Upload a file and follow to the step to which that leads."""
    # On a busy machine, too, the answer is the step and not how far it is.
    monkeypatch.setattr(limits, "job_wait", 60.0)

    def run(
        content: str | bytes, name: str = "hosts.csv", browser: Any = client
    ) -> Any:
        data = content.encode() if isinstance(content, str) else content
        token = csrf(browser, "/import/")
        return browser.post(
            "/import/",
            data={"csrf_token": token, "file": (io.BytesIO(data), name)},
            follow_redirects=True,
        )

    return run


@pytest.fixture
def press(client):
    """Send the form of a step as it is, with some fields of it changed."""

    def run(response: Any, browser: Any = client, url: str = "", **fields: str) -> Any:
        page = parse(response)
        form = page.select_one("main form:has([name=plan])") or page.select_one(
            "main form[method=post]:not([action$=cancel])"
        )
        sent = {
            field["name"]: field.get("value", "")
            for field in form.select("input[name]")
            if field.get("type") in ("hidden", "text", None)
            or field.has_attr("checked")
        }
        for field in form.select("select"):
            chosen = field.select_one("option[selected]") or field.select_one("option")
            sent[field["name"]] = chosen.get("value", chosen.text)
        return browser.post(
            url or form["action"], data=sent | fields, follow_redirects=True
        )

    return run
