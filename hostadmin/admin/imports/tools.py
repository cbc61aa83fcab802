"""What a program is answered that sends a file or asks how its import is."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue

from ...db.session import db
from ...imports.plan_pages import opened_plan
from ...jobs import JobView
from ...models import FileImport
from .context import NOTHING_WRITTEN

# Of what is wrong, or worth a look.
_MOST_LINES = 100


def answer(upload: FileImport, job: JobView | None) -> ResponseReturnValue:
    """Return what the import is: 202 while it runs, 400 where it cannot go on."""
    fields: dict[str, Any] = {
        "id": upload.id,
        "url": url_for("imports.show", import_id=upload.id),
        "step": upload.step,
        "plan": upload.plan_number,
        "counts": upload.found.get("counts"),
        "read_as": upload.found.get("read_as"),
        "notes": upload.found.get("notes", []),
        "errors": [],
        "warnings": [],
        "problem": upload.problem,
        "change": upload.change_set_id,
    }
    if job is not None and not job.has_ended:
        fields |= {"phase": job.phase, "done": job.done, "total": job.total}
        return jsonify(fields), 202
    if job is not None and job.state not in ("done",) and upload.change_set_id is None:
        fields["problem"] = f"{job.error or job.state}. {NOTHING_WRITTEN}"
    if upload.found.get("differs") and upload.change_set_id is None:
        fields["problem"] = f"The inventory changed meanwhile. {NOTHING_WRITTEN}"
    if _has_lines(upload.found):
        with opened_plan(db.session(), upload.id, upload.plan_number) as plan:
            fields["errors"] = [*map(str, islice(plan.errors(), _MOST_LINES))]
            fields["warnings"] = [*map(str, plan.warned(_MOST_LINES))]
    return jsonify(fields), 400 if fields["problem"] else 200


def _has_lines(found: Mapping[str, Any]) -> bool:
    """Whether lines of the plan are wrong, or worth a look."""
    return bool(found.get("has_plan") and (found["counts"]["bad"] or found["warnings"]))


def refusal(message: str) -> ResponseReturnValue:
    return jsonify({"problem": message}), 400
