"""Downloads of what the list shows."""

import csv
import http.client
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import yaml
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from hostadmin.exports import exporter
from hostadmin.exports.exporter import FORMATS

from ..helpers.web_server import served

BROWSER = {"Accept": "text/html"}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "markdown": "text/markdown; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "ansible": "application/json",
    "ansible-yaml": "application/yaml",
    "ansible-ini": "text/plain; charset=utf-8",
    "ssh_config": "text/plain; charset=utf-8",
    "hosts": "text/plain; charset=utf-8",
    "prometheus": "application/json",
}


def rows(response):
    return list(csv.DictReader(io.StringIO(response.text)))


def test_a_download_holds_what_is_filtered(client, make_host):
    make_host(hostname="a", environment="prod")
    make_host(hostname="b", environment="dev")

    response = client.get("/export/csv?flt_env_equals=prod&sort=-hostname")

    assert response.status_code == 200
    assert [row["hostname"] for row in rows(response)] == ["a"]


def test_a_download_holds_every_host(client, app):
    from hostadmin import demo

    with app.app_context():
        demo.fill_if_empty(2_100)

    response = client.get("/export/csv")

    assert len(rows(response)) == 2_100


class InventoryLoader(yaml.SafeLoader):
    """Reads what Ansible marks as no template."""


InventoryLoader.add_constructor("!unsafe", yaml.SafeLoader.construct_yaml_str)


def names_in(format: str, response: TestResponse) -> list[str]:
    if format == "xlsx":
        book = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
        return [row[0] for row in book.get_sheet_by_index(0).to_python()[1:]]
    return names_in_text(format, response.text)


def names_in_text(format: str, text: str) -> list[str]:
    if format == "csv":
        return [row["hostname"] for row in csv.DictReader(io.StringIO(text))]
    if format == "json":
        return [host["hostname"] for host in json.loads(text)["hosts"]]
    if format == "jsonl":
        records = map(json.loads, text.splitlines())
        return [record["hostname"] for record in records if "hostname" in record]
    if format == "ansible":
        return list(json.loads(text)["_meta"]["hostvars"])
    if format == "prometheus":
        return [one["labels"]["__meta_hostadmin_hostname"] for one in json.loads(text)]
    places = {
        "ansible-ini": r"(\w+)",
        "ssh_config": r"Host (\w+)",
        "hosts": r"[0-9.]+ (\w+)",
        "markdown": r"\| (\w) ",
    }
    if pattern := places.get(format):
        return [m[1] for line in text.splitlines() if (m := re.match(pattern, line))]
    return list(yaml.load(text, InventoryLoader)["all"]["hosts"] or ())  # noqa: S506


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_takes_the_same_question(client, make_host, format):
    for name, env in (("a", "prod"), ("b", "prod"), ("c", "dev")):
        make_host(hostname=name, environment=env, ip_addr=f"10.0.0.{ord(name)}")

    response = client.get(f"/export/{format}?q=env:prod&flt_hostname_not_equal=b")
    nobody = client.get(f"/export/{format}?q=env:nowhere")

    assert names_in(format, response) == ["a"]
    assert response.content_type == TYPES[format]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    suffix = FORMATS[format].suffix
    assert re.fullmatch(
        rf"attachment; filename=[a-z_]+-\d{{8}}-\d{{4}}\{suffix}",
        response.headers["Content-Disposition"],
    )
    assert (nobody.status_code, names_in(format, nobody)) == (200, [])


@pytest.mark.parametrize("format", FORMATS)
def test_nonsense_is_shown_before_the_download_begins(client, format):
    for query in ("flt_nope_equals=1", "flt_group_equals=nope", "q=env:", "x=1"):
        response = client.get(f"/export/{format}?{query}", headers=BROWSER)
        assert (response.status_code, response.mimetype) == (400, "text/html")
        assert "Content-Disposition" not in response.headers


def test_an_unknown_format_is_shown_with_those_that_are(client):
    response = client.get("/export/ansible-yml", headers=BROWSER)

    assert response.status_code == 404
    assert "Did you mean “ansible-yaml”?" in response.text
    assert "csv, json, jsonl" in response.text


# ---- what a server makes of it


@pytest.fixture
def port(app) -> Iterator[int]:
    """The port on which a server of ours gives the app."""
    with served(app) as port:
        yield port


def breaking(pieces: Iterator[str]) -> Iterator[str]:
    yield next(pieces)
    yield " " * (exporter.CHUNK + 1)
    raise RuntimeError("in the middle")


@pytest.fixture
def broken(monkeypatch, caplog):
    """A format that fails in the middle, as when the database goes away."""
    known = FORMATS["json"]
    broken = exporter.Format(
        *(known.label, known.mimetype, known.suffix),
        write=lambda source, notes: breaking(known.write(source, notes)),
    )
    monkeypatch.setitem(FORMATS, "json", broken)
    caplog.set_level(logging.CRITICAL, logger="uvicorn.error")


def test_half_a_file_never_looks_like_a_whole_one(port, broken, make_host, with_token):
    make_host()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/export/json", headers=with_token)
    response = connection.getresponse()

    assert response.status == 200
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


def test_an_old_client_gets_a_whole_file_or_none(port, broken, make_host, with_token):
    make_host(hostname="a")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"

    connection.request(
        "GET", "/export/json", headers={"Host": "localhost", **with_token}
    )
    assert connection.getresponse().status == 500
    connection.request(
        "GET", "/export/jsonl", headers={"Host": "localhost", **with_token}
    )
    response = connection.getresponse()
    data = response.read()
    connection.close()

    assert response.headers["Content-Length"] == str(len(data))
    assert names_in_text("jsonl", data.decode()) == ["a"]


def test_asking_for_the_head_leaves_no_connection_open(
    port, app, make_host, with_token
):
    from hostadmin.db.session import db

    make_host()
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("HEAD", "/export/csv", headers=with_token)
        assert connection.getresponse().status == 200
        connection.close()

    with app.app_context():
        assert db.engine.pool.checkedout() == 0


def test_an_option_is_for_its_format_and_read_before_the_download(client, make_host):
    make_host(hostname="a", ip_addr="10.0.0.1")

    response = client.get("/export/prometheus?port=9100")
    assert json.loads(response.text)[0]["targets"] == ["10.0.0.1:9100"]
    for address in (
        "/export/prometheus?port=0",
        "/export/prometheus?port=70000",
        "/export/prometheus?port=var.",
        "/export/prometheus?port=1&port=2",
        "/export/csv?port=9100",
    ):
        assert client.get(address).status_code == 400
