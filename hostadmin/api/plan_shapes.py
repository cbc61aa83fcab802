"""Plans of changes, imports and undos, as models."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from ..validation.numbers import MAX_BIG_ID
from .shapes import Answered, Sent, WrongRow


class PlanQuery(Sent):
    apply: str = Field("", description="The digest of the plan to apply.")
    message: str = Field("", description="Reason, kept in the history.")


class ChangeSaid(Sent):
    """A change of many hosts."""

    q: str = Field(description="Hosts to change, as a query; `*` means all.")
    action: Literal["change", "confirm", "delete"] = "change"
    set: dict[str, str | int | None] = Field(
        default_factory=dict,
        description="Value by field or `var.NAME`; null clears it.",
        json_schema_extra={"examples": [{"status": "retired"}]},
    )
    variables: dict[str, Any] = Field(
        default_factory=dict, description="JSON value by name or dotted path."
    )
    add_groups: list[str] = Field(default_factory=list)
    remove_groups: list[str] = Field(default_factory=list)
    make_groups: bool = Field(False, description="Create missing groups.")


class Planned(Answered):
    """A plan; if `applied` is true, what was done, saved as `change`."""

    digest: str
    applied: bool
    change: int | None


class PlannedLine(Answered):
    """How many hosts change from one value to another, or why they stay unchanged."""

    field: str
    before: str | None = Field(alias="from")
    after: str | None = Field(alias="to")
    stays: str | None
    hosts: int


class PlannedMove(Answered):
    field: str
    before: str | None = Field(alias="from")
    after: str | None = Field(alias="to")


class PlannedHost(Answered):
    id: int
    hostname: str
    changes: list[PlannedMove]


class PlannedChange(Planned):
    """The plan of a change: all numbers, and the first hosts."""

    summary: str
    hosts: int
    written: int
    new_groups: list[str]
    lines: list[PlannedLine]
    sample: list[PlannedHost]


class UndoSaid(Sent):
    """The change to undo, or one entry of it."""

    change: int = Field(ge=1, le=MAX_BIG_ID)
    entry: int | None = Field(None, ge=1, le=MAX_BIG_ID)


class UndoStep(Answered):
    subject: Literal["host", "group", "inventory"]
    id: int
    name: str
    action: Literal["delete", "restore", "change"]
    changes: dict[str, tuple[Any, Any]]


class UndoKept(Answered):
    """What is left unchanged, and why."""

    subject: str
    id: int
    name: str
    field: str | None
    reason: str


class PlannedUndo(Planned):
    """The plan of an undo: all numbers, and the first objects."""

    summary: str
    counts: dict[str, dict[str, int]]
    back: list[UndoStep]
    kept: list[UndoKept]
    is_cut: bool


class ImportQuery(PlanQuery):
    model_config = ConfigDict(extra="forbid", strict=False)

    name: str = Field("upload", description="Name of the file, for messages.")
    format: str = Field("auto", description="Format of the file; `auto` detects it.")
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int | None = Field(None, ge=0, le=1_000_000)
    column: list[str] = Field(default_factory=list, description="`FIELD=HEADER`")
    value: list[str] = Field(default_factory=list, description="`FIELD:TEXT=VALUE`")
    replace: bool = Field(
        False, description="Remove data of listed hosts that the file does not have."
    )
    skip_errors: bool = Field(False, description="Skip rows with errors.")
    missing: Literal["report", "retire", "delete"] = Field(
        "report", description="What to do with hosts that the file does not list."
    )
    within: str = Field(
        "", description="Only hosts matching this query can be missing."
    )


class ImportNumbers(Answered):
    new: int
    changed: int
    unchanged: int


class ImportRow(Answered):
    line: int
    subject: Literal["host", "group", "inventory"]
    name: str
    action: Literal["new", "changed"]
    changes: dict[str, tuple[Any, Any]]


class ImportWarning(Answered):
    line: int
    name: str
    detail: str


class PlannedImport(Planned):
    """The plan of an import: all numbers, the errors, and the first rows."""

    read_as: str
    notes: list[str]
    hosts: ImportNumbers
    groups: ImportNumbers
    changes_inventory: bool
    bad_rows: int
    errors: list[WrongRow]
    warnings: list[ImportWarning] = Field(
        description="Warnings, such as a new value similar to one in use."
    )
    unlisted: int = Field(description="Hosts that the file does not list.")
    missing: int = Field(description="How many of them are retired or deleted.")
    sample: list[ImportRow]
