"""What an import tells, in words for a page, which has no options of a command."""

import re

from ...errors import with_field

_OWN = re.compile(
    r"--(?:column|value|encoding|delimiter|header-row|sheet|keep-placeholders"
    r"|bare-names|all-hosts|format|mapping)\b"
)
FORMAT_LABELS = {
    "auto": "Detect the format",
    "csv": "CSV or TSV table",
    "xlsx": "Workbook (xlsx, xls, ods)",
    "ansible": "Ansible inventory",
    "ansible-ini": "Ansible inventory (INI)",
    "ansible-yaml": "Ansible inventory (YAML)",
    "ssh_config": "ssh_config",
    "hosts": "hosts file",
    "nmap": "nmap XML",
    "json": "JSON (hostadmin, AWX, NetBox)",
    "jsonl": "JSON Lines (hostadmin)",
}
_SAME = (
    ("name its encoding with --encoding", "choose its encoding"),
    (
        "name the encoding of the file with --encoding",
        "choose the encoding of the file",
    ),
    ("read it with --format xlsx", f"choose the format “{FORMAT_LABELS['xlsx']}”"),
    (
        "read such rows as hosts with --bare-names",
        "tick “Import rows with only a name as hosts”",
    ),
    ("Choose one with --sheet", "Choose one. --sheet"),
)
# Where a part of a sentence ends that may go: a quotation may hold the same signs.
_PARTS = re.compile(r"(?<=[.;:]) +(?=[A-Z-]|[a-z]+ --)")


def page_words(text: str, name: str = "") -> str:
    """Return the text without what only the command can do."""
    if name and text.startswith(f"{name}: "):
        text = with_field("The file", text.removeprefix(f"{name}: "))
    for given, said in _SAME:
        text = text.replace(given, said)
    if not _OWN.search(text):
        return text
    kept = [part for part in _PARTS.split(text) if not _OWN.search(part)]
    said = " ".join(kept).rstrip(" ;:,")
    return said if said.endswith((".", "?")) else f"{said}."
