"""/metrics, read by the real parsers."""

import shutil
import subprocess

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text
from sqlalchemy.exc import OperationalError

from hostadmin.db.time_limit import TooSlow
from hostadmin.limits import limits
from hostadmin.web import metrics

from ..helpers.apps import unavailable

EVIL = 'a"b\\c\nd{}<script>é'


def samples(client, name):
    """Return the labels, ordered by their names → value of one metric."""
    response = client.get("/metrics")
    assert response.status_code == 200
    return {
        tuple(text for _, text in sorted(sample.labels.items())): sample.value
        for family in parse_text(response.text)
        for sample in family.samples
        if sample.name == name
    }


def test_hosts_are_counted_by_status_and_environment(client, make_host):
    for fields in (
        {"environment": "prod"},
        {"environment": "prod"},
        {"environment": "prod", "status": "retired"},
        {"status": "staged"},
        {"environment": "(not set)"},
    ):
        make_host(**fields)

    assert samples(client, "hostadmin_hosts") == {
        ("prod", "active"): 2,
        ("prod", "retired"): 1,
        ("", "staged"): 1,
        ("(not set)", "active"): 1,
    }
    assert samples(client, "hostadmin_hosts_counted") == {(): 1}


def test_the_number_of_series_is_bounded(client, make_host, monkeypatch):
    monkeypatch.setattr(limits, "metrics_environments", 2)
    for environment in ("a", "a", "b", "b", "c", "d", None):
        make_host(environment=environment)

    assert samples(client, "hostadmin_hosts") == {
        ("a", "active"): 2,
        ("b", "active"): 2,
        ("", "active"): 1,
    }
    assert samples(client, "hostadmin_hosts_in_other_environments") == {("active",): 2}


def test_requests_are_counted_by_endpoint_and_status(client):
    before = samples(client, "hostadmin_requests_total")
    client.get("/hosts/")
    client.get("/nope")
    client.get(f"/nope/{EVIL}")
    client.open("/hosts/", method="NONSENSE")
    client.post("/hosts/new/")
    after = samples(client, "hostadmin_requests_total")

    grown = {key: n - before.get(key, 0) for key, n in after.items()}
    assert grown[("hosts.index_view", "GET", "200")] == 1
    assert grown[("none", "GET", "404")] == 2
    assert grown[("none", "other", "405")] == 1
    assert grown[("hosts.create_view", "POST", "400")] == 1
    seconds = samples(client, "hostadmin_request_duration_seconds_count")
    assert seconds[("hosts.index_view",)] >= 1
    assert {("in_use",), ("idle",)} == set(
        samples(client, "hostadmin_database_connections")
    )


@pytest.mark.parametrize(
    "problem", [TooSlow(2.0), OperationalError("SELECT", {}, Exception("away"))]
)
def test_what_cannot_be_counted_in_time_is_left_out(client, monkeypatch, problem):
    def broken(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(metrics, "count_by_many", broken)

    assert samples(client, "hostadmin_hosts_counted") == {(): 0}
    assert samples(client, "hostadmin_hosts") == {}
    assert samples(client, "hostadmin_requests_total")


def test_both_formats_are_understood(client, make_host):
    make_host(environment='a"b\\c{}<script>é')
    openmetrics = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = client.get("/metrics", headers=openmetrics)

    names = {family.name for family in parse_openmetrics(answer.text)}
    assert answer.content_type.startswith("application/openmetrics-text")
    assert {"hostadmin_hosts", "hostadmin_requests"} <= names
    assert ('a"b\\c{}<script>é', "active") in samples(client, "hostadmin_hosts")


def test_promtool_has_no_complaint(client, make_host):
    if not shutil.which("promtool"):
        unavailable("promtool is not installed: apt install prometheus")
    make_host(environment="prod")
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=client.get("/metrics").data,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""


def test_a_token_opens_it_and_nothing_else_does(nobody, with_token):
    assert "hostadmin_hosts" in nobody.get("/metrics", headers=with_token).text

    for headers in ({}, {"Authorization": "Bearer x"}, {"Accept": "text/html"}):
        response = nobody.get("/metrics", headers=headers)
        assert response.status_code == 401
        assert response.mimetype == "application/problem+json"
        assert "Bearer" in response.headers["WWW-Authenticate"]
        assert "hostadmin_hosts" not in response.text
