"""The API does what it says of itself: OpenAPI, asked whatever it allows."""

import contextlib
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from hostadmin.api.openapi import PROBLEMS

from ..helpers.accounts import log_in
from ..helpers.api import Program, check_problem
from ..helpers.pages import parse

# HOSTADMIN_TEST_CASES sets how many requests of each kind each address gets.
CASES = int(os.environ.get("HOSTADMIN_TEST_CASES", "4"))


@pytest.fixture
def schema(app):
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    # The token is ours in every request; what is wrong must be something else.
    schema.raw_schema["security"] = []
    refused = schema.config.checks.negative_data_rejection.expected_statuses
    # A version that cannot be is none that is there.
    schema.config.checks.negative_data_rejection.expected_statuses = [*refused, "412"]
    return schema


def test_the_description_is_complete(app, schema):
    said = {
        (method.upper(), path)
        for path, operations in schema.raw_schema["paths"].items()
        for method in operations
    }
    there = {
        (method, str(rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.openapi"
    }

    assert schema.raw_schema["openapi"].startswith("3.1")
    assert len(said) == len(there) > 25
    schema.validate()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_that_the_description_knows(
    app, schema, make_host, make_group, mode
):
    make_group(name="web")
    make_host(hostname="a", groups=["web"], vars={"x": [1, None]}, ip_addr="10.0.0.1")
    program = Program(app)
    headers = {"Authorization": f"Bearer {program.key}", "Accept-Encoding": "identity"}
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=CASES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case):
            # A schema cannot say which groups there are, or what a query means.
            skipped = [positive_data_acceptance]
            case.call_and_validate(headers=headers, excluded_checks=skipped)

        # An address without a parameter cannot be asked wrongly.
        with contextlib.suppress(Unsatisfiable):
            check()


def test_the_page_shows_every_address_model_and_error(app, client):
    page = parse(client.get("/api/"))

    shown = [code.text for code in page.select("summary code")]
    said = app.test_client().get("/api/v1/openapi.json").json
    for path, operations in said["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}" in shown
    assert {*said["components"]["schemas"]} <= {*shown}
    ids = {tag["id"] for tag in page.select("[id]")}
    links = {a["href"][1:] for a in page.select("main a[href^='#']")}
    assert links - ids == set()
    assert {f"problem-{status}" for status in PROBLEMS} <= ids


def test_every_error_leads_to_its_words(app, client, make_host):
    ids = {tag["id"] for tag in parse(client.get("/api/")).select("[id]")}
    program = Program(app)

    for path in ("/hosts?x", "/hosts/9", "/nope"):
        response = program.get(path)
        check_problem(response)
        assert response.json["type"].removeprefix("/api/#") in ids


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_people_are_led_to_the_page_and_strangers_to_the_log_in(
    app, client, nobody, path
):
    assert client.get(path, follow_redirects=True).status_code == 200
    assert nobody.get("/api/").location == "/login?next=/api/"
    assert nobody.get("/api/v1/openapi.json").status_code == 200
    with_key = app.test_client()
    log_in(with_key, "viewer")
    assert with_key.get("/api/v1/hosts").status_code == 401
