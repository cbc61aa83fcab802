"""A file into the staging: which format it is, and its items by the rules."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..db.bulk_insert import batched
from ..errors import InvalidFile
from ..formats import workbook
from ..formats.detect import detect
from ..formats.document import FileGroup, Item, Observed, namesakes_note, some
from ..formats.read_options import ReadOptions
from ..formats.rows import Row, RowError
from ..formats.workbook import Workbook
from ..validation.values import quoted
from .layouts import ASKED, CSV, FORMATS, LABELS, XLSX, items_of
from .staged_table import BATCH
from .staging import Staging
from .text_file import TextFile
from .validate import Cleaner, clean_file_group, clean_file_vars

Progress = Callable[[int], None]
Good = list[tuple[int, dict[str, Any]]]
# If most of so many rows are bad, then it is another kind of file.
MAX_BAD = 100_000

# Names of groups that are compared with those of hosts.
MAX_COMPARED = 20_000


def layout_of(file: TextFile | Workbook, format: str) -> str:
    """Return what the file is read as. Raises ``InvalidFile``."""
    if format not in FORMATS:
        raise InvalidFile(f"Unknown format {format}. Use one of: {', '.join(FORMATS)}.")
    if isinstance(file, Workbook):
        return _layout_of_workbook(file, format)
    return _layout_of_text(file, format)


def read_file(
    staging: Staging,
    file: TextFile | Workbook,
    options: ReadOptions,
    progress: Progress,
) -> str:
    """Read a file into the staging; return in words what it was read as.

    Raises ``InvalidFile``.
    """
    layout = layout_of(file, options.format)
    items: Iterable[Item]
    if isinstance(file, Workbook):
        items = workbook.read(file, options)
    else:
        items = items_of(layout, file, options)
    done = 0
    keep = _Keeper(staging, file.name)
    for batch in batched(items, BATCH):
        keep.take(batch)
        done += sum(not isinstance(item, Observed) for item in batch)
        progress(done)
    if layout.startswith("ansible") and keep.with_blanks:
        file.notes.append(_blanks_note(keep.with_blanks))
    # The layouts of Ansible look for themselves.
    if not layout.startswith("ansible") and (same := keep.namesakes()):
        file.notes.append(namesakes_note(same))
    if not done:
        where = "rows below the header" if layout in (CSV, XLSX) else "hosts"
        note = f"The file has no {where}."
        # A format that looks for hosts itself has said so already.
        if note not in file.notes:
            file.notes.append(note)
    staging.unknown = keep.unknown
    return LABELS[layout]


def _layout_of_workbook(file: Workbook, format: str) -> str:
    if format not in ("auto", XLSX):
        raise InvalidFile(f"{file.name}: is a workbook; read it with --format {XLSX}.")
    return XLSX


def _layout_of_text(file: TextFile, format: str) -> str:
    head = file.head()
    layout = detect(head)
    if format == XLSX:
        raise InvalidFile(f"{file.name}: is text, not a workbook.")
    if format != "auto":
        possible, default = ASKED[format]
        return layout if layout in possible else default
    if layout == "ansible-ini" and "[" not in head and "=" not in head:
        # Perhaps the first line was meant as a header.
        first = next(filter(None, map(str.strip, head.splitlines())), "")
        file.notes.append(f"Read as a list of names, starting with {quoted(first)}.")
    return layout


def _blanks_note(names: Sequence[str]) -> str:
    return (
        f"Names with a space: {some(names)}. If these are several hosts, put each on "
        "its own line; in YAML, with a colon after it."
    )


class _Keeper:
    """Puts what is good into the staging, and notes what is not."""

    def __init__(self, staging: Staging, name: str) -> None:
        self._staging = staging
        self._name = name
        self._cleaner = Cleaner()
        self._good = self._bad = 0
        self.with_blanks: list[str] = []
        # In the order of the file.
        self._groups: dict[str, None] = {}

    @property
    def unknown(self) -> dict[tuple[str, str], int]:
        return dict(self._cleaner.unknown)

    def take(self, items: Iterable[Item]) -> None:
        staging = self._staging
        hosts: Good = []
        groups: Good = []
        whole: Good = []
        for item in items:
            if isinstance(item, Observed):
                staging.observed = item
                continue
            if isinstance(item, Row):
                fields, errors = self._cleaner.row(item)
                good = hosts
            elif isinstance(item, FileGroup):
                fields, errors = clean_file_group(item)
                good = groups
            else:
                fields, errors = clean_file_vars(item)
                good = whole
            if errors:
                self._note_bad(errors)
            else:
                good.append((item.line, fields))
        staging.hosts.add(hosts)
        staging.groups.add(groups)
        staging.inventory.add(whole)
        self._good += len(hosts) + len(groups)
        for _, fields in hosts:
            if " " in (name := fields.get("hostname", "")):
                self.with_blanks.append(name)
        if len(self._groups) < MAX_COMPARED:
            self._groups.update((fields["name"], None) for _, fields in groups)
            for _, fields in hosts:
                self._groups.update(dict.fromkeys(fields.get("groups", ())))

    def namesakes(self) -> list[str]:
        """Return the groups that are called like a host."""
        return self._staging.hosts.named(self._groups) if self._groups else []

    def _note_bad(self, errors: Iterable[RowError]) -> None:
        self._bad += 1
        if self._bad > MAX_BAD and self._bad > self._good:
            some = ", ".join(str(error) for error in errors)
            raise InvalidFile(
                f"{self._name}: has over {MAX_BAD:,} rows with errors and fewer good "
                f"ones. The last one: {some}"
            )
        self._staging.add_errors(errors)
