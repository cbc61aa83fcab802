"""The plan of an undo: one step for each object, kept in a file until it is done."""

import hashlib
import json
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from ..inventory.edits import Change
from .merge import Kept
from .net_changes import NetChange, Newer

DELETE, RESTORE, CHANGE, STAY = "delete", "restore", "change", "stay"
# What a page shows of each kind; the counts are of all.
SHOWN = 300


@dataclass
class Step:
    """What becomes of one object. ``back`` is field → [from, to].

    ``version`` is the one it has, or gets when it comes back.
    """

    subject: str
    id: int
    name: str
    action: str
    version: int = 0
    back: dict[str, Change] = field(default_factory=dict)
    same: list[str] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    newer: dict[str, Newer] = field(default_factory=dict)
    created_at: str | None = None
    last_entry_id: int = 0

    @classmethod
    def of(cls, net: NetChange, action: str, **more: Any) -> "Step":
        return cls(
            net.subject,
            net.id,
            net.name,
            action,
            last_entry_id=net.last_entry_id,
            **more,
        )

    def stay(self, reason: str, name: str = "", wanted: Any = None) -> "Step":
        """Leave the whole object as it is."""
        self.action, self.back = STAY, {}
        self.kept = [Kept(name, None, wanted, reason)]
        return self

    def reason(self, kept: Kept) -> str:
        """Return why something stays, with the newer change where there is one."""
        newer = self.newer.get(kept.field)
        if newer is None:
            return kept.reason
        return f"{kept.reason} by {newer.actor} (change {newer.change_set_id})"


class UndoPlan:
    """What an undo would do, in the order of groups, hosts, the whole inventory."""

    def __init__(self, change_set_id: int, entry_id: int | None) -> None:
        self.change_set_id = change_set_id
        self.entry_id = entry_id
        # (action, subject) → number of objects
        self.counts: Counter[tuple[str, str]] = Counter()
        # The change that took it back already, completely; then there are no steps.
        self.undone_by: int | None = None
        self.same = 0
        self.kept_objects = 0
        self.kept_items = 0
        self.first_back: list[Step] = []
        self.first_kept: list[Step] = []
        self._hash = hashlib.sha256()
        self._file: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115 - see close()
            "w+", encoding="utf-8"
        )
        # Nobody has a plan of which the transaction was rolled back and run again.
        self._closing = weakref.finalize(self, self._file.close)

    @property
    def digest(self) -> str:
        """What the plan says, in short: another plan has another digest."""
        return self._hash.hexdigest()

    @property
    def back(self) -> int:
        """How many objects go back, in whole or in part."""
        return self.counts.total()

    def add(self, step: Step) -> None:
        self._count(step)
        # asdict() would copy every value.
        said = vars(step) | {
            "kept": [vars(kept) for kept in step.kept],
            "newer": {name: vars(newer) for name, newer in step.newer.items()},
        }
        # The file also holds what may change although the plan says the same.
        self._file.write(json.dumps(said) + "\n")
        del said["version"], said["last_entry_id"]
        self._hash.update(json.dumps(said, sort_keys=True).encode())

    def _count(self, step: Step) -> None:
        if step.action != STAY:
            self.counts[step.action, step.subject] += 1
            if len(self.first_back) < SHOWN:
                self.first_back.append(step)
        if step.kept:
            self.kept_objects += 1
            self.kept_items += len(step.kept)
            if len(self.first_kept) < SHOWN:
                self.first_kept.append(step)
        elif step.action == STAY:
            self.same += 1

    def steps(self, subject: str, action: str) -> Iterator[Step]:
        """Yield the steps of one kind. One such loop at a time."""
        self._file.seek(0)
        for line in self._file:
            said = json.loads(line)
            if (said["subject"], said["action"]) == (subject, action):
                said["back"] = {n: Change(*pair) for n, pair in said["back"].items()}
                said["kept"] = [Kept(**kept) for kept in said["kept"]]
                said["newer"] = {k: Newer(**v) for k, v in said["newer"].items()}
                yield Step(**said)

    def close(self) -> None:
        self._closing()

    def __enter__(self) -> "UndoPlan":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
