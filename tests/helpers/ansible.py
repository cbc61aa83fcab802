"""An inventory as ansible-inventory tells it and as we do, in the same shape."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hostadmin.formats.ansible.fields import host_variables
from hostadmin.formats.document import FileGroup, FileVars, Item

from .content import Content

ANSIBLE_INVENTORY = Path(sys.executable).parent / "ansible-inventory"

needs_ansible = pytest.mark.skipif(
    not ANSIBLE_INVENTORY.exists(), reason="ansible-core is not installed"
)


def ansible_list(path: Path, *args: str) -> dict[str, Any]:
    config = path.parent / "empty.cfg"
    config.touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(path.parent),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(config),
        "ANSIBLE_HOME": str(path.parent / "ansible"),
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }
    done = subprocess.run(
        [ANSIBLE_INVENTORY, "-i", path, "--list", *args],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=path.parent,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def script(path: Path, text: str) -> Path:
    data = path.with_suffix(".data")
    data.write_text(text)
    path.write_text(f"#!/bin/sh\ncat {shlex.quote(str(data))}\n")
    path.chmod(0o755)
    return path


def read(module: ModuleType, text: str, notes: list[str] | None = None) -> list[Item]:
    return list(module.read("FILE", [text], [] if notes is None else notes))


def errors_of(items: Iterable[Item]) -> list[str]:
    return [
        f"{item.line} {error.field} {error.message}"
        for item in items
        for error in item.errors
    ]


def content_of(items: Iterable[Item]) -> Content:
    variables: dict[str, Any] = {}
    groups: list[dict[str, Any]] = []
    hosts: list[dict[str, Any]] = []
    for item in items:
        assert item.errors == ()
        if isinstance(item, FileVars):
            variables = dict(item.vars)
        elif isinstance(item, FileGroup):
            empty: dict[str, Any] = {"description": None, "vars": {}, "children": []}
            groups.append({"name": item.name, **empty, **item.values})
        else:
            hosts.append({"groups": [], "vars": {}, **item.values})

    def members(name: str | None) -> Iterator[str]:
        for host in hosts:
            if name in host["groups"] or (name is None and not host["groups"]):
                yield host["hostname"]

    return Content(variables, groups, hosts, members)


def as_exported(content: Content) -> dict[str, Any]:
    """Return what ``ansible-inventory --list --export`` says of the same."""
    return {
        "all": content.vars,
        "hosts": {row["hostname"]: host_variables(row) for row in content.hosts},
        "groups": {
            group["name"]: {
                # Ansible does not print the priority that every group has.
                "vars": {
                    name: value
                    for name, value in group["vars"].items()
                    if (name, value) != ("ansible_group_priority", 1)
                },
                "children": sorted(group["children"]),
                "hosts": sorted(content.members(group["name"])),
            }
            for group in content.groups
        },
    }


def ansible_as_exported(found: dict[str, Any]) -> dict[str, Any]:
    names = {name for group in found.values() for name in group.get("children", ())}
    names |= found.keys() - {"_meta", "all"}
    hosts = {host for group in found.values() for host in group.get("hosts", ())}
    return {
        "all": found.get("all", {}).get("vars", {}),
        "hosts": {host: found["_meta"]["hostvars"].get(host, {}) for host in hosts},
        "groups": {
            name: {
                "vars": found.get(name, {}).get("vars", {}),
                "children": sorted(found.get(name, {}).get("children", ())),
                "hosts": sorted(found.get(name, {}).get("hosts", ())),
            }
            for name in names - {"ungrouped"}
        },
    }


def effective(found: dict[str, Any]) -> dict[str, Any]:
    """Return hosts with all their variables, and who is in which group."""
    seen = ansible_as_exported(found)
    below: dict[str, set[str]] = {}

    def members(name: str) -> set[str]:
        if name not in below:
            group = seen["groups"][name]
            below[name] = set(group["hosts"])
            below[name].update(*map(members, group["children"]))
        return below[name]

    return {
        "hosts": seen["hosts"],
        "members": {
            re.sub(r"[^A-Za-z0-9_]", "_", name): members(name)
            for name in seen["groups"]
        },
    }
