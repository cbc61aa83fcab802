"""Random inventories to write, and how two of them are compared."""

import json
from typing import Any

from hypothesis import strategies as st

from .content import Content

_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]),
    min_size=1,
    max_size=8,
)
_NOTES = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=["Cc", "Cs", "Zl", "Zp"],
        include_characters="\t\n\r",
    ),
    max_size=20,
)
_NAMES = st.one_of(
    st.sampled_from(
        ["web", "10.0.0.1", "2001:DB8::1", "a b", "yes", "null", "12", "1.5", "=", "-"]
    ),
    _TEXT.filter(lambda text: bool(text.strip(" .\u3000"))),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    _NOTES,
    st.sampled_from(
        ["1e3", "0x1", "12:30", "2024-01-01", "=", "<<", "~", "{{ x }}", "10.0.0.1"]
    ),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(_TEXT, inner, max_size=3),
        st.builds(lambda text: {"__ansible_vault": text}, _NOTES),
        st.builds(lambda text: {"__ansible_unsafe": text}, _NOTES),
    ),
    max_leaves=6,
)
_KEYS = st.one_of(
    st.sampled_from(["ansible_host", "ansible_port", "hostadmin_owner", "y", "no"]),
    _TEXT,
)
_VARS = st.dictionaries(_KEYS, st.one_of(_VALUES, st.just(2222)), max_size=4)
_ADDRESSES = st.sampled_from([None, "10.0.0.1", "10.0.0.2", "2001:db8::1"])
_GROUP_NAMES = st.sampled_from(
    [
        "web",
        "env-prod",
        "env_prod",
        "1st",
        "grün",
        "_meta",
        "plugin",
        "no",
        "a b",
        "x#y",
    ]
)


@st.composite
def contents(draw: st.DrawFn) -> Content:
    names = draw(st.lists(_GROUP_NAMES, unique=True, max_size=5))
    groups = [
        {
            "name": name,
            "description": draw(st.none() | _TEXT),
            "vars": draw(_VARS.map(_without_priority)),
            "children": draw(st.lists(st.sampled_from(names[place + 1 :]), unique=True))
            if names[place + 1 :]
            else [],
        }
        for place, name in enumerate(names)
    ]
    hosts = [
        {
            "hostname": name,
            "ip_addr": draw(_ADDRESSES),
            "port": draw(st.sampled_from([None, 22, 2222])),
            "status": draw(st.sampled_from(["active", "retired"])),
            "environment": draw(st.none() | st.sampled_from(["prod", "{{ x }}", "no"])),
            "os": None,
            "location": None,
            "role": None,
            "owner": draw(st.none() | _TEXT),
            "aliases": draw(st.lists(_NAMES, unique=True, max_size=2)),
            "addresses": draw(st.lists(st.just("10.9.9.9"), max_size=1)),
            "groups": draw(st.lists(st.sampled_from(names), unique=True))
            if names
            else [],
            "notes": draw(st.none() | _NOTES),
            "vars": draw(_VARS),
        }
        for name in draw(st.lists(_NAMES, unique=True, max_size=4))
    ]

    def members(name: str | None) -> list[str]:
        return [
            str(host["hostname"])
            for host in hosts
            if name in host["groups"] or (name is None and not host["groups"])
        ]

    return Content(draw(_VARS), groups, hosts, members)


def _without_priority(variables: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in variables.items() if k != "ansible_group_priority"}


def _stated(fields: dict[str, Any]) -> dict[str, Any]:
    """Return only what says something, as a fresh database would have it."""
    return {
        name: value
        for name, value in fields.items()
        if value not in (None, "", [], {}) and (name, value) != ("status", "active")
    }


def _sorted(fields: dict[str, Any]) -> dict[str, Any]:
    lists = ("groups", "children")
    return {k: sorted(v) if k in lists else v for k, v in fields.items()}


def as_stated(content: Content) -> dict[str, Any]:
    return {
        "vars": content.vars,
        "groups": {g["name"]: _sorted(_stated(dict(g))) for g in content.groups},
        "hosts": {h["hostname"]: _sorted(_stated(dict(h))) for h in content.hosts},
    }


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
