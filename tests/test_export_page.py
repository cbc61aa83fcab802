"""Downloads of what the list shows."""

import csv
import io


def rows(response):
    return list(csv.DictReader(io.StringIO(response.text)))


def test_a_download_holds_what_is_filtered(client, make_host):
    make_host(hostname="a", environment="prod")
    make_host(hostname="b", environment="dev")

    response = client.get("/export/csv?flt_env_equals=prod&sort=-hostname")

    assert response.status_code == 200
    assert [row["hostname"] for row in rows(response)] == ["a"]
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"].startswith("attachment; ")


def test_a_download_holds_every_host(client, app):
    from hostadmin import demo
    from hostadmin.database import db
    from hostadmin.history import writing

    with app.app_context(), writing("tests"):
        demo.fill(db.session(), 2_100)

    response = client.get("/export/csv")

    assert len(rows(response)) == 2_100


def test_nonsense_is_told_before_the_download_begins(client):
    assert client.get("/export/csv?flt_nope_equals=1").status_code == 400
    assert client.get("/export/csv?flt_group_equals=nope").status_code == 400
    assert client.get("/export/exe").status_code == 404
