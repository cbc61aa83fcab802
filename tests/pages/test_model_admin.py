"""Any model gets its pages in ten declarative lines."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Mapped, mapped_column

from hostadmin import create_app
from hostadmin.admin.generated.model_view import ModelAdmin
from hostadmin.config import Settings
from hostadmin.db.session import Base, db
from hostadmin.permissions import policy

from ..helpers.accounts import log_in
from ..helpers.pages import form_of, parse


class Rack(Base):
    __tablename__ = "racks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    units: Mapped[int | None]


# The table is nobody else's: the schema of the program stays as it is.
Base.metadata.remove(Rack.__table__)


class RackAdmin(ModelAdmin):
    noun, nouns, name_column = "rack", "racks", "name"
    column_list = ("name", "units")
    column_sortable_list = ("name", "units")
    column_filters = ("name", "units")
    form_columns = ("name", "units")


@pytest.fixture
def client(tmp_path, monkeypatch) -> Iterator[FlaskClient]:
    uri = f"sqlite:///{tmp_path}/racks.sqlite"
    app = create_app(Settings(_env_file=None, database_uri=uri, secret_key="x" * 40))
    install(app)
    with app.app_context():
        Base.metadata.create_all(db.engine)
        Rack.__table__.create(db.engine)
    monkeypatch.setattr(policy, "POLICY", policy.POLICY | policy.model("racks"))
    yield log_in(app.test_client())
    with app.app_context():
        db.engine.dispose()


def install(app: Flask) -> None:
    [admin] = app.extensions["admin"]
    admin.add_view(RackAdmin(Rack, name="Racks"))


def add(client: FlaskClient, **fields: str) -> None:
    form = form_of(client, "/racks/new/") | fields
    assert client.post("/racks/new/", data=form).status_code == 302


def names(client: FlaskClient, url: str) -> list[str]:
    rows = parse(client.get(url)).select("tbody tr")
    return [row.select_one(".is-main").text.strip() for row in rows]


def test_rows_are_added_listed_and_sorted(client):
    for name, units in (("r2", "42"), ("r1", ""), ("r3", "24")):
        add(client, name=name, units=units)

    assert names(client, "/racks/") == ["r1", "r2", "r3"]
    assert names(client, "/racks/?sort=units") == ["r3", "r2", "r1"]
    assert names(client, "/racks/?sort=-units") == ["r2", "r3", "r1"]


def test_rows_are_filtered_and_nonsense_is_refused(client):
    add(client, name="r1", units="42")
    add(client, name="r2", units="24")

    assert names(client, "/racks/?flt_name_contains=2") == ["r2"]
    assert names(client, "/racks/?flt_units_greater_than=30") == ["r1"]
    assert client.get("/racks/?flt_units_equals=abc").status_code == 400
    assert client.get("/racks/?flt_nope_equals=1").status_code == 400
    assert client.get("/racks/?sort=nope").status_code == 400


def test_rows_are_shown_changed_and_deleted(client):
    add(client, name="r1", units="42")
    url = "/racks/edit/?id=1"
    assert client.post(
        url, data=form_of(client, url) | {"units": "24"}
    ).status_code == (302)
    assert "24" in parse(client.get("/racks/details/?id=1")).main.text

    gone = "/racks/delete/?id=1"
    assert client.post(gone, data=form_of(client, gone)).status_code == 302
    assert client.get("/racks/details/?id=1").status_code == 404


def test_the_form_keeps_the_generated_rules(client):
    form = form_of(client, "/racks/new/") | {"name": "", "units": "many"}

    response = client.post("/racks/new/", data=form)

    assert response.status_code == 400
    assert len(parse(response).select("[aria-invalid=true]")) == 2
