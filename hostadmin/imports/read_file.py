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


def read_file(
    staging: Staging,
    file: TextFile | Workbook,
    options: ReadOptions,
    progress: Progress,
) -> str:
    """Read a file into the staging; return in words what it was read as.

    Raises ``InvalidFile``.
    """
    format = options.format
    if format not in FORMATS:
        raise InvalidFile(f"There is no format {format}; {', '.join(FORMATS)} are.")
    if isinstance(file, Workbook):
        layout = _layout_of_workbook(file, format)
        items: Iterable[Item] = workbook.read(file, options)
    else:
        layout = _layout_of_text(file, format)
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
        where = "row below the header" if layout in (CSV, XLSX) else "host in the file"
        note = f"There is no {where}."
        # A format that looks for hosts itself has told already.
        if note not in file.notes:
            file.notes.append(note)
    return LABELS[layout]


def _layout_of_workbook(file: Workbook, format: str) -> str:
    if format not in ("auto", XLSX):
        raise InvalidFile(f"{file.name}: is a workbook; read it with --format {XLSX}.")
    return XLSX


def _layout_of_text(file: TextFile, format: str) -> str:
    head = file.head()
    layout = detect(head)
    if format == XLSX:
        raise InvalidFile(f"{file.name}: is text, and no workbook.")
    if format != "auto":
        possible, default = ASKED[format]
        return layout if layout in possible else default
    if layout == "ansible-ini" and "[" not in head and "=" not in head:
        # Perhaps the first line was meant as a header.
        first = next(filter(None, map(str.strip, head.splitlines())), "")
        file.notes.append(f"Read as a list of names, beginning with {quoted(first)}.")
    return layout


def _blanks_note(names: Sequence[str]) -> str:
    return (
        f"Names with a blank in them: {some(names)}. Where these are several hosts, "
        "each needs a line of its own; in YAML, with a colon behind."
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
                f"{self._name}: over {MAX_BAD:,} bad rows, and fewer good ones, such "
                f"as {some}"
            )
        self._staging.add_errors(errors)
