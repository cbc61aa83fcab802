"""Hosts as rows, and rows as files: streamed, so that memory stays flat."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..models import Host
from .formats import csv
from .rows import COLUMNS


def host_row(host: Host) -> dict[str, Any]:
    """Return what a file says about a host."""
    row = {column: getattr(host, column) for column in COLUMNS}
    for column in ("aliases", "addresses", "groups"):
        row[column] = [str(item) for item in row[column]]
    row["status"] = host.status.value
    return row


def export_csv(hosts: Iterable[Host]) -> Iterator[str]:
    """Yield the lines of a CSV file that imports to the same hosts."""
    return csv.write(host_row(host) for host in hosts)
