"""Which format a text is in, by what it looks like."""

import csv
import json
import re

from . import hosts_file, ssh_config
from .csv_table.aliases import known_field

_SECTION = re.compile(r"^\[[^\[\]\s]+\]\s*([#;].*)?$", re.MULTILINE)
# One that Ansible refuses: its reader says why.
_BAD_SECTION = re.compile(r"\[[^\[\],;|\"'{}]+\]\s*(?:[#;].*)?")
_YAML_NAME = re.compile(
    r"""(?:[^\s\[\]{}:,;"'#=][^:\t,;=]*|"[^"]*"|'[^']*')\s*:(?:\s|$)"""
)
_INI_HOST = re.compile(r"\S+(?:\s+[A-Za-z_]\w*=.*)")
_BARE = re.compile(r"[\w.:\[\]-]+")


# A page of results, or a list of pages.
_PAGE = re.compile(r'(?:\[\s*)?\{\s*"(?:count|next|previous|results)"\s*:')


def detect(head: str) -> str:
    """Return the format of a file from its first lines.

    One of csv, ansible-ini, ansible-yaml, ansible-json, json, jsonl, json-api,
    ssh_config, hosts and nmap; csv where nothing else is likely, since its reader says
    best what is missing.
    """
    text = head.lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return "nmap"
    if _PAGE.match(text):
        return "json-api"
    if text.startswith("{"):
        return _kind_of_json(text)
    if re.match(r"\[\s*(?:\{|\])", text):
        return "json"
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and line[0] not in "#;"]
    return _kind_of_lines(lines, text) if lines else "csv"


def _kind_of_json(text: str) -> str:
    first, _, rest = text.partition("\n")
    record = _object(first)
    if record is not None:
        if {"hosts", "groups"} & record.keys() and "hostadmin" in record:
            return "json"
        if rest.lstrip().startswith("{") or "hostadmin" in record:
            return "jsonl"
        if "hostname" in record:
            return "jsonl"
    key = re.match(r'\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*(.?)', text)
    if key is None:
        # {{ … }}, or YAML in braces.
        return "json" if re.match(r"\{\s*\}", text) else "ansible-yaml"
    if key[1] == "hostadmin" or (key[1] in ("groups", "hosts") and key[2] == "["):
        return "json"
    return "ansible-json"


def _object(line: str) -> dict[str, object] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _kind_of_lines(lines: list[str], text: str) -> str:
    # The last line may be cut.
    sure = lines[:-1] or lines
    if ssh_config.looks_like(sure):
        return "ssh_config"
    if hosts_file.looks_like(sure):
        return "hosts"
    if kind := _kind_of_first(lines[0]):
        return kind
    if _SECTION.search(text):
        return "ansible-ini"
    # A list of names, one a line, some with variables behind.
    hosts = [re.sub(r"\s+#.*", "", line) for line in sure]
    plain = all(_BARE.fullmatch(line) or _INI_HOST.fullmatch(line) for line in hosts)
    return "ansible-ini" if plain else "csv"


def _kind_of_first(line: str) -> str | None:
    """Return what the first line alone says, None where it says nothing."""
    if line.startswith(("---", "%YAML", "- ")):
        return "ansible-yaml"
    if (
        _BAD_SECTION.fullmatch(line)
        or _SECTION.match(line)
        or _INI_HOST.fullmatch(line)
    ):
        return "ansible-ini"
    if _YAML_NAME.match(line):
        return "ansible-yaml"
    return "csv" if _is_header(line) else None


def _is_header(line: str) -> bool:
    """Whether a line has columns, or the name of one."""
    cells = next(csv.reader([re.sub(r"[;\t|]", ",", line[:4096])]))
    return len(cells) > 1 or known_field(cells[0])
