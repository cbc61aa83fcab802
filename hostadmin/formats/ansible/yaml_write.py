"""Writes Ansible's YAML layout: the hosts with their variables, then the groups.

It is written by hand, line by line: PyYAML needs a millisecond for a host. Nested
values are JSON, which is YAML, too, but for a few spellings that are seen to here.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...validation.json_values import json_text
from ..document import Source
from .fields import UNSAFE, VAULT, host_variables, mark_of
from .json import said_of
from .left_out import LeftOut
from .names import is_literal, readable_group_names
from .yaml_read import COMMENT

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
# YAML 1.1, which Ansible reads, takes them for something else.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))
# JSON has them as they are; YAML takes them for line ends or refuses them.
_ESCAPED = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd"
    "\U00010000-\U0010ffff]"
)
_CIPHER = re.compile(r"\$ANSIBLE_VAULT;[^\s]+\n(?:[0-9a-fA-F]+\n)+")


def write(
    content: Source, notes: list[str], *, safe_group_names: bool = False
) -> Iterator[str]:
    """Yield an inventory in YAML. ``notes`` gets, at the end, what is not in it."""
    # A top level "plugin" would make it the configuration of a plugin.
    names = [g["name"] for g in content.groups]
    safe = readable_group_names(
        *(names, ("plugin",), notes), safe_group_names=safe_group_names
    )
    left_out = LeftOut(is_literal)
    yield "all:\n"
    yield from _section("  vars:\n", left_out.variables(content.vars), "    ")
    yield "  hosts:\n"
    for row in content.hosts:
        if left_out.takes(row["hostname"]):
            yield from _host(row["hostname"], left_out.variables(host_variables(row)))
    for group in content.groups:
        yield from _group(group, content, safe, left_out)
    notes += left_out.notes()


def _host(name: str, variables: Mapping[str, Any]) -> Iterator[str]:
    yield f"    {_text(name)}:\n"
    yield from _section("", variables, "      ")


def _section(title: str, variables: Mapping[str, Any], indent: str) -> Iterator[str]:
    if variables:
        yield title + "".join(
            f"{indent}{_key(name)}: {_value(value, indent)}\n"
            for name, value in variables.items()
        )


def _group(
    group: Mapping[str, Any],
    content: Source,
    safe: Mapping[str, str],
    left_out: LeftOut,
) -> Iterator[str]:
    name = group["name"]
    if said := said_of(group, safe):
        yield f"{COMMENT}{_escaped(json_text({'name': name, **said}))}\n"
    yield f"{_key(safe[name])}:\n"
    yield from _section("  vars:\n", left_out.variables(group["vars"]), "    ")
    title = "  hosts:\n"
    for host in content.members(name):
        if left_out.holds(host):
            yield f"{title}    {_text(host)}:\n"
            title = ""
    title = "  children:\n"
    for child in group["children"]:
        if child in safe:
            yield f"{title}    {_key(safe[child])}:\n"
            title = ""


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _escaped(json_text(text))


# Names of variables and groups are few, and short.
_key = functools.lru_cache(maxsize=4096)(_text)


def _escaped(text: str) -> str:
    def escape(found: re.Match[str]) -> str:
        return f"\\u{ord(found[0]):04x}"

    return _ESCAPED.sub(escape, text)


def _value(value: Any, indent: str) -> str:
    """Return a value; an encrypted text over several lines, as people write it."""
    if isinstance(value, dict) and mark_of(value) == VAULT:
        cipher = value[VAULT]
        if _CIPHER.fullmatch(cipher):
            lines = cipher.rstrip("\n").replace("\n", f"\n{indent}  ")
            return f"!vault |\n{indent}  {lines}"
    return _flow(value)


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        mark = mark_of(value)
        if mark:
            tag = {VAULT: "!vault", UNSAFE: "!unsafe"}[mark]
            return f"{tag} {_escaped(json_text(value[mark]))}"
        pairs = (f"{_key(name)}: {_flow(item)}" for name, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, float):
        return _float(value)
    return json_text(value)


def _float(value: float) -> str:
    # To YAML 1.1, 1e+16 without a point is text.
    mantissa, e, exponent = repr(value).partition("e")
    return mantissa + (".0" if e and "." not in mantissa else "") + e + exponent
