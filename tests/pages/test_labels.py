"""A field has one label, wherever pages show it: that of the table of fields."""

import re

from hostadmin.validation.host_fields import HOST_FIELDS, VOCABULARY_FIELDS

from ..helpers.pages import parse

ON_ONE_ENGINE = True

LABELS = {field.name: field.label for field in HOST_FIELDS}
COLUMNS = {field.query: field.column or field.label for field in HOST_FIELDS}
PLURAL = {"aliases": "Aliases", "groups": "Groups"}


def labels_of(page) -> dict[str, str]:
    found = page.select("form.card label[for]")
    # What is in parentheses says how to write it.
    return {one["for"]: re.sub(r" \(.*", "", one.text.strip()) for one in found}


def test_every_field_has_a_label():
    assert [
        field.name for field in HOST_FIELDS if field.query and not field.label
    ] == []


def test_the_form_of_a_host_calls_fields_by_their_labels(client):
    shown = labels_of(parse(client.get("/hosts/new/")))

    named = {name: text for name, text in shown.items() if name in LABELS}
    assert named == {name: (LABELS | PLURAL)[name] for name in named}
    assert {"hostname", "ip_addr", "addresses", "vars", "owner"} <= named.keys()


def test_a_bulk_edit_calls_fields_by_their_labels(client, make_host):
    page = parse(client.get(f"/hosts/bulk/edit?ids={make_host()}"))

    shown = labels_of(page)
    assert {name: shown[name] for name in VOCABULARY_FIELDS} == {
        name: LABELS[name] for name in VOCABULARY_FIELDS
    }


def test_lists_and_filters_call_fields_by_their_labels(client, make_host):
    make_host()
    names = [field.query for field in HOST_FIELDS if field.query not in ("", "notes")]
    page = parse(client.get("/hosts/", query_string={"cols": ",".join(names)}))

    heads = {th.text.strip() for th in page.select("thead th")}
    assert {COLUMNS[name] for name in names} <= heads
    offered = {option["value"]: option.text for option in page.select("#add-field *")}
    for field in HOST_FIELDS:
        if field.query:
            assert offered[field.query] == field.label
