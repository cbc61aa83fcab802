"""Nodes that take no changes just now, to whoever may not overrule that."""

import pytest
import sqlalchemy as sa

from hostadmin.db.session import db

from ..helpers.accounts import log_in
from ..helpers.apps import app_on
from ..helpers.load import add, is_unavailable
from ..helpers.pages import csrf

pytestmark = pytest.mark.xdist_group("galera")


@pytest.fixture
def app(galera):
    galera.wait_until_whole()
    galera.create_database("closed")
    galera.nodes[0].execute("CREATE USER IF NOT EXISTS 'plain'@'127.0.0.1'")
    galera.nodes[0].execute("GRANT ALL ON closed.* TO 'plain'@'127.0.0.1'")
    set_read_only(galera.nodes[0], True)
    with app_on(galera.uri("closed").replace("root@", "plain@")) as app:
        yield app
    for node in galera.nodes:
        set_read_only(node, False)
    galera.drop_database("closed")


def set_read_only(node, on):
    node.execute(f"SET GLOBAL read_only = {int(on)}")


def node_in_use(app, galera):
    with app.app_context():
        port = db.session.scalar(sa.text("SELECT @@port"))
        db.session.rollback()
    return next(node for node in galera.nodes if node.port == port)


def test_another_node_takes_the_changes_if_there_is_one(galera, app):
    client = log_in(app.test_client())
    token = csrf(client, "/hosts/new/")
    assert add(client, token, "a").status_code == 302

    used = node_in_use(app, galera)
    assert used is not galera.nodes[0]
    set_read_only(used, True)
    # Who meets it is told that nothing was saved; the next one is somewhere else.
    assert is_unavailable(add(client, token, "b"))
    assert add(client, token, "b").status_code == 302
    third = node_in_use(app, galera)
    assert third not in (galera.nodes[0], used)

    set_read_only(third, True)
    response = add(client, token, "c")
    assert is_unavailable(response)
    assert "read-only at the moment" in response.text
    assert client.get("/hosts/").status_code == 200
    set_read_only(used, False)
    answers = [add(client, token, name).status_code for name in "cd"]
    assert answers[-1] == 302
