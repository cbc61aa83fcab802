"""Run on a copy of the program: what it answers about two fields that it was given.

``python -m tests.helpers.new_field_answers DATABASE_URI`` prints JSON, name → text.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from hostadmin import history
from hostadmin.db.session import db
from hostadmin.exports.exporter import FORMATS
from hostadmin.inventory import hosts
from hostadmin.models import Host

from .accounts import log_in
from .api import Program
from .apps import build_app
from .pages import csrf, form_of, parse

LISTS = {
    "column": "/hosts/?cols=hostname,tier,height",
    "usual columns": "/hosts/",
    "sort": "/hosts/?cols=hostname,tier&sort=-tier",
    "sentence": "/hosts/?q=tier:gold",
    "sentence of hosts without": "/hosts/?q=tier:none",
    "clause": "/hosts/?q=tier~old or port:1",
    "filter": "/hosts/?flt_tier_starts_with=go",
    "other name in a query": "/hosts/?q=level:gold",
    "stats": "/stats/?by=tier",
    "overview": "/stats/",
    "cross table": "/stats/?by=tier&by=env",
    "help": "/help/",
    "completion of the field": "/hosts/complete/?q=ti&cursor=2",
    "completion of values": "/hosts/complete/?q=tier:g&cursor=6",
    "operators": "/hosts/complete/?q=height&cursor=6",
    "kind": "/hosts/?q=height:4..5",
    "kind compared": "/hosts/?q=height>4&cols=hostname,height&sort=height",
    "kind refused": "/hosts/?q=height:tall",
    "kind counted": "/stats/?by=height",
    "kind completed": "/hosts/complete/?q=height:&cursor=7",
    "create form": "/hosts/new/",
}


def text_of(response: Any) -> str:
    main = parse(response).select_one("main")
    text = response.text if main is None else main.get_text(" ")
    return f"{response.status_code} {' '.join(text.split())}"


def pages(app: Flask, client: FlaskClient) -> Iterator[tuple[str, str]]:
    for name, url in LISTS.items():
        yield name, text_of(client.get(url))
    with app.app_context():
        id_ = db.session.scalar(sa.select(Host.id).where(Host.hostname == "web-1"))
    yield "details", text_of(client.get(f"/hosts/details/?id={id_}"))
    url = f"/hosts/edit/?id={id_}"
    form = form_of(client, url)
    yield "edit form", str(form.get("tier"))
    client.post(url, data={**form, "tier": "Silver"})
    yield "after the edit", text_of(client.get("/hosts/?q=tier:silver"))
    fields = {"csrf_token": csrf(client, "/hosts/new/"), "q": "tier:silver", "all": "1"}
    for name, more in (("form", {}), ("plan", {"step": "plan", "tier": "lead"})):
        data = {**fields, **more}
        asked = client.post("/hosts/bulk/edit", data=data, follow_redirects=True)
        yield f"bulk {name}", text_of(asked)
    yield "history", text_of(client.get("/changes/?field=tier"))


def commands(app: Flask, folder: Path) -> Iterator[tuple[str, str]]:
    run = app.test_cli_runner().invoke
    table = folder / "more.csv"
    table.write_text("name,cabinet tier\nweb-3,bronze\n")
    for name, words in {
        "import": ("hosts", "import", str(table)),
        "list": ("hosts", "list", "tier:bronze"),
        "count": ("hosts", "count", "--by", "tier"),
        "set": ("hosts", "set", "web-3", "tier=lead", "--yes"),
        "show": ("hosts", "show", "web-3"),
        "help of set": ("hosts", "set", "--help"),
    }.items():
        result = run(args=list(words))
        yield name, f"{result.exit_code} {result.output} {result.exception or ''}"
    for format_ in FORMATS:
        result = run(args=["hosts", "export", "--format", format_])
        yield f"export {format_}", f"{result.exit_code} {result.output}"


def api(app: Flask) -> Iterator[tuple[str, str]]:
    """Ask as programs do, last what the commands have left."""
    program = Program(app)
    listed = program.get("/hosts?q=tier:lead&cols=hostname,tier,height")
    yield "api list", f"{listed.status_code} {listed.json['items']}"
    compared = program.get("/hosts?q=height>4&cols=hostname&sort=-height")
    yield "api list by a number", f"{compared.status_code} {compared.json['items']}"
    new = {"hostname": "web-4", "tier": "Bronze"}
    made = program.post("/hosts", new)
    yield "api create", f"{made.status_code} {made.json['tier']}"
    path = f"/hosts/{made.json['id']}"
    got = program.get(path)
    yield "api get", f"{got.status_code} {got.json['tier']}"
    tag = got.headers["ETag"]
    changed = program.call("PATCH", path, {"tier": "bronze age"}, If_Match=tag)
    yield "api patch", f"{changed.status_code} {changed.json['tier']}"
    found = program.get("/hosts?q=tier^=bron")
    yield "api filter", f"{found.status_code} {found.json['count']}"
    sorted_ = program.get("/hosts?cols=tier&sort=-tier&limit=2").json["items"]
    yield "api sort", str([host["tier"] for host in sorted_])
    by = {"text": "tier", "number": "height"}
    for name, field in by.items():
        counted = program.get(f"/counts?by={field}")
        yield f"api counts of the {name}", f"{counted.status_code} {counted.text}"
    last = program.get("/changes?limit=100").json["items"][-1]
    yield "api changes", json.dumps(last)
    wrong = program.post("/hosts", {"hostname": "web-5", "tier": 4})
    yield "api refused", f"{wrong.status_code} {wrong.json['errors']}"
    shapes = program.get("/openapi.json").json["components"]["schemas"]
    yield (
        "api described",
        json.dumps(
            {
                name: shape["properties"]["tier"]
                for name, shape in shapes.items()
                if "tier" in shape.get("properties", {})
            }
        ),
    )


def main(uri: str) -> None:
    app = build_app(uri)
    with app.app_context(), history.writing(actor="tests", source="command"):
        hosts.add_host({"hostname": "web-1", "tier": "Gold", "environment": "prod"})
        hosts.add_host({"hostname": "web-2"})
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.update(Host.__table__).values(height=Host.id + 3))
    client = log_in(app.test_client(), "admin", "admin")
    folder = Path(uri.removeprefix("sqlite:///")).parent
    answers = dict(pages(app, client)) | dict(commands(app, folder)) | dict(api(app))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
