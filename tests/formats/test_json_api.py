"""Answers of the APIs of AWX and NetBox, page by page."""

import json
from typing import Any

import pytest

from hostadmin.errors import InvalidFile
from hostadmin.formats import json_api
from hostadmin.formats.detect import detect
from hostadmin.formats.document import Observed

AWX = {
    "id": 1,
    "type": "host",
    "url": "/api/v2/hosts/1/",
    "summary_fields": {"groups": {"count": 1, "results": [{"id": 3, "name": "web"}]}},
    "name": "web1",
    "description": "the front",
    "enabled": True,
    "variables": "---\nansible_host: 10.0.0.1\nansible_port: 2222\nserial: 0012\n",
}
NETBOX = {
    "id": 7,
    "url": "https://netbox.example/api/dcim/devices/7/",
    "name": "sw1",
    "device_type": {"id": 1, "model": "EX4300", "display": "EX4300"},
    "role": {"id": 1, "name": "switch"},
    "tenant": {"id": 1, "name": "net"},
    "platform": {"id": 1, "name": "Junos"},
    "site": {"id": 1, "name": "AMS1"},
    "status": {"value": "active", "label": "Active"},
    "primary_ip": {"id": 1, "address": "10.0.0.1/24"},
    "primary_ip4": {"id": 1, "address": "10.0.0.1/24"},
    "primary_ip6": {"id": 2, "address": "2001:db8::1/64"},
    "serial": "00123",
    "description": "",
    "comments": "by the door",
    "tags": [{"id": 1, "name": "core", "slug": "core"}],
    "custom_fields": {"rack_unit": 12, "text": "{{ x }}", "empty": None},
}
SWITCH = {
    "hostname": "sw1",
    "ip_addr": "10.0.0.1",
    "addresses": ["2001:db8::1"],
    "status": "active",
    "role": "switch",
    "owner": "net",
    "os": "Junos",
    "location": "AMS1",
    "notes": "by the door",
    "groups": ["core"],
    "vars": {
        "serial": "00123",
        "device_type": "EX4300",
        "rack_unit": 12,
        "text": {"__ansible_unsafe": "{{ x }}"},
    },
}


def page(*results: Any, count: int | None = None) -> dict[str, Any]:
    return {
        "count": len(results) if count is None else count,
        "next": None,
        "previous": None,
        "results": results,
    }


def read(text: str):
    notes: list[str] = []
    *rows, observed = json_api.read("answer.json", [text], notes)
    assert isinstance(observed, Observed)
    return rows, observed, " ".join(notes)


def test_hosts_of_awx_are_read_with_their_variables():
    rows, observed, _ = read(json.dumps(page(AWX)))

    assert dict(rows[0].values) == {
        "hostname": "web1",
        "ip_addr": "10.0.0.1",
        "port": 2222,
        "vars": {"serial": "0012"},
        "groups": ["web"],
        "notes": "the front",
    }
    assert observed.is_complete


@pytest.mark.parametrize("variables", ["", "---", "{}", '{"a": 1}', "a: 1"])
def test_variables_of_awx_are_yaml_or_json(variables):
    rows, _, _ = read(json.dumps(page({**AWX, "variables": variables})))

    assert rows[0].errors == ()
    assert rows[0].values.get("vars", {}) in ({}, {"a": 1})


def test_a_host_that_awx_has_disabled_says_so():
    rows, _, _ = read(json.dumps(page({**AWX, "enabled": False})))

    assert rows[0].values["vars"]["awx_enabled"] is False


def test_devices_of_netbox_are_read():
    rows, _, _ = read(json.dumps(page(NETBOX)))

    assert dict(rows[0].values) == SWITCH


def test_addresses_of_netbox_are_read():
    record = {
        "id": 1,
        "address": "10.0.0.5/24",
        "dns_name": "db1.example.net",
        "status": {"value": "active"},
        "tenant": None,
        "description": "x",
    }
    rows, _, _ = read(json.dumps(page(record)))

    assert dict(rows[0].values) == {
        "hostname": "db1.example.net",
        "ip_addr": "10.0.0.5",
        "status": "active",
        "notes": "x",
    }


PAGES = [page({**AWX, "name": "a"}, count=3), page({**AWX, "name": "b"}, AWX, count=3)]


@pytest.mark.parametrize(
    "text",
    [json.dumps(PAGES), "\n".join(map(json.dumps, PAGES)), json.dumps(PAGES, indent=2)],
)
def test_several_pages_are_one_answer(text):
    rows, observed, notes = read(text)

    assert [row.values["hostname"] for row in rows] == ["a", "b", "web1"]
    assert (observed.is_complete, notes) == (True, "")
    assert detect(text) == "json-api"


def test_one_page_of_several_never_says_what_is_missing():
    rows, observed, notes = read(json.dumps(PAGES[0]))

    assert len(rows) == 1
    assert not observed.is_complete
    assert "1 of 3 results" in notes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps(page({"id": 1, "slug": "x"})), "line 1 is neither an AWX host"),
        ('{"count": 0, "next": null}', "“results” is missing"),
        ('{"count": 1, "results": [{"name":', "line 1 is not valid JSON"),
        ('{"results": 7}', "is missing"),
    ],
)
def test_what_is_no_answer_is_refused_in_one_line(text, words):
    with pytest.raises(InvalidFile, match=words):
        read(text)


def test_a_record_that_is_none_is_an_error_of_its_row():
    rows, _, _ = read('{"results": [7]}')

    assert "is not an object" in rows[0].errors[0].message
