"""What is sent in fewer bytes, and what is not sent again."""

import gzip
import http.client
import re

import brotli
import pytest
from backports import zstd

from hostadmin import history
from hostadmin.inventory import hosts
from hostadmin.web import static_files

from ..helpers.api import Program
from ..helpers.pages import parse
from ..helpers.web_server import served

ON_ONE_ENGINE = True

UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.fixture
def many(app):
    with app.app_context(), history.writing("tests"):
        for number in range(60):
            hosts.add_host({"hostname": f"host{number}", "notes": "secret " * 50})


@pytest.mark.parametrize("how", UNPACK)
@pytest.mark.parametrize(
    "path",
    [
        *("/export/csv", "/export/json", "/export/ansible-yaml", "/export/markdown"),
        *("/api/v1/hosts", "/api/v1/openapi.json"),
    ],
)
def test_the_same_is_sent_in_fewer_bytes(app, many, path, how):
    reader = Program(app, "viewer")
    headers = {"Authorization": f"Bearer {reader.key}"}
    plain = reader.client.get(path, headers=headers)

    packed = reader.client.get(path, headers={**headers, "Accept-Encoding": how})

    assert packed.headers["Content-Encoding"] == how
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert UNPACK[how](packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 4
    assert packed.headers.get("ETag") == plain.headers.get("ETag")


def test_a_stream_stays_one(app, many):
    reader = Program(app, "viewer")
    headers = {"Authorization": f"Bearer {reader.key}", "Accept-Encoding": "gzip"}
    with served(app) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/export/csv", headers=headers)
        response = connection.getresponse()
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in response.headers
        assert b"host59" in gzip.decompress(response.read())
        connection.close()


def test_pages_are_packed_only_for_a_browser_that_asks_by_itself(client, many):
    zipped = {"Accept-Encoding": "gzip"}

    for own in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        page = client.get("/hosts/?q=x", headers={**zipped, **own})
        assert page.headers["Content-Encoding"] == "gzip"
    for other in (
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        page = client.get("/hosts/?q=x", headers={**zipped, **other})
        assert "Content-Encoding" not in page.headers


def test_the_version_of_an_object_is_sent_as_it_is(app, make_host):
    program = Program(app)
    id_ = make_host(notes="x" * 5_000)

    host = program.get(f"/hosts/{id_}", Accept_Encoding="zstd, gzip")

    tag = host.headers["ETag"]
    assert tag == '"1"'
    done = program.call("PATCH", f"/hosts/{id_}", {"owner": "me"}, If_Match=tag)
    assert done.status_code == 200


def test_who_polls_takes_the_tag_of_what_was_packed(app, many):
    reader = Program(app, "viewer")
    first = reader.get("/hosts", Accept_Encoding="gzip")

    again = reader.get("/hosts", If_None_Match=first.headers["ETag"])

    assert (again.status_code, again.data) == (304, b"")


# ---- styles and scripts


def test_styles_and_scripts_are_kept_under_a_name_of_their_content(client):
    page = parse(client.get("/hosts/"))
    urls = [tag["href"] for tag in page.select("link[href]")]
    urls += [tag["src"] for tag in page.select("script[src]")]
    assert len(urls) > 3

    for url in urls:
        assert re.search(r"\.[0-9a-f]{12}\.(css|js|svg)$", url)
        file = client.get(url, headers={"Accept-Encoding": "br"})
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        same = client.get(re.sub(r"\.[0-9a-f]{12}\.", ".", url))
        assert same.headers["Cache-Control"] == "no-cache"
        data = file.data
        if "Content-Encoding" in file.headers:
            data = brotli.decompress(data)
        assert data == same.data
    tag = file.headers["ETag"]
    asked = {"Accept-Encoding": "br", "If-None-Match": tag}
    assert client.get(url, headers=asked).status_code == 304


def test_styles_and_scripts_are_compressed_once_and_as_well_as_can_be(client):
    url = parse(client.get("/hosts/")).select_one("link[rel=stylesheet]")["href"]
    whole = client.get(url)
    assert "Content-Encoding" not in whole.headers

    for coding, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        packed = client.get(url, headers={"Accept-Encoding": coding})
        assert packed.headers["Content-Encoding"] == coding
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert packed.mimetype == whole.mimetype == "text/css"
        assert unpack(packed.data) == whole.data
        static_files._pack.cache_clear()
        assert client.get(url, headers={"Accept-Encoding": coding}).data == packed.data
    best = brotli.compress(whole.data, quality=11)
    assert client.get(url, headers={"Accept-Encoding": "gzip, br"}).data == best
    client.get(url, headers={"Accept-Encoding": "br"})
    assert static_files._pack.cache_info().misses <= 3


@pytest.mark.parametrize("name", ["hostadmin.000000000000.css", "x.css", "../app.py"])
def test_there_are_no_other_files(client, name):
    assert client.get(f"/static/{name}").status_code == 404
