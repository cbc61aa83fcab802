"""The layouts that an import understands: their readers and their names."""

from collections.abc import Callable, Iterable, Iterator

from ..formats import hosts_file, json_api, json_own, nmap, ssh_config
from ..formats.ansible import ini as ansible_ini
from ..formats.ansible import json as ansible_json
from ..formats.ansible import yaml_read as ansible_yaml
from ..formats.csv_table import read as csv_read
from ..formats.document import Item
from ..formats.read_options import ReadOptions
from .text_file import TextFile

Reader = Callable[[str, Iterable[str], list[str]], Iterator[Item]]

CSV = "csv"
NMAP = "nmap"
XLSX = "xlsx"

# They take a text in blocks, and need no options.
_READERS: dict[str, Reader] = {
    "ansible-ini": ansible_ini.read,
    "ansible-yaml": ansible_yaml.read,
    "ansible-json": ansible_json.read,
    "json": json_own.read,
    "jsonl": json_own.read_lines,
    "json-api": json_api.read,
    "ssh_config": ssh_config.read,
    "hosts": hosts_file.read,
}
LABELS = {
    CSV: "a table (CSV)",
    XLSX: "a workbook",
    "ansible-ini": "an Ansible inventory in INI",
    "ansible-yaml": "an Ansible inventory in YAML",
    "ansible-json": "an Ansible inventory in JSON",
    "json": "hostadmin JSON",
    "jsonl": "hostadmin JSON Lines",
    "json-api": "JSON from AWX or NetBox",
    "ssh_config": "an SSH configuration",
    "hosts": "a hosts file",
    NMAP: "an nmap scan",
}
# By what it was recognised.
REASONS = {
    CSV: "its rows have columns",
    XLSX: "it is a spreadsheet file",
    "ansible-ini": "it has groups in brackets, or a name on each line",
    "ansible-yaml": "it is YAML",
    "ansible-json": "it is JSON with groups as keys",
    "json": "it has the records of a hostadmin export",
    "jsonl": "it has a JSON record on each line",
    "json-api": "it has the results of an API",
    "ssh_config": "its blocks begin with Host",
    "hosts": "its lines begin with an address",
    NMAP: "it is nmap XML",
}
# What somebody may ask for: the layouts it may be in, and the one where that does
# not show. The names of all export formats are among them.
ASKED = {
    CSV: ((CSV,), CSV),
    "ansible": (("ansible-ini", "ansible-yaml", "ansible-json"), "ansible-ini"),
    "ansible-ini": (("ansible-ini",), "ansible-ini"),
    "ansible-yaml": (("ansible-yaml", "ansible-json"), "ansible-yaml"),
    "ssh_config": (("ssh_config",), "ssh_config"),
    "hosts": (("hosts",), "hosts"),
    NMAP: ((NMAP,), NMAP),
    "json": (("json", "jsonl", "json-api", "ansible-json"), "json"),
    "jsonl": (("jsonl",), "jsonl"),
}
FORMATS = ("auto", XLSX, *ASKED)


def items_of(layout: str, file: TextFile, options: ReadOptions) -> Iterator[Item]:
    """Yield what a file states. Raises ``InvalidFile``, perhaps only in the middle."""
    if layout == CSV:
        return csv_read.read(file.name, file.lines(), file.notes, options, file.seen)
    if layout == NMAP:
        return nmap.read(file.name, file.blocks(), file.notes, options)
    return _READERS[layout](file.name, file.blocks(), file.notes)
