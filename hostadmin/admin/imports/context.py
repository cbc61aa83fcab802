"""How an import looks on its pages: plain values for the templates."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from ...db.session import db
from ...formats.rows import COLUMNS, LABELS
from ...formatting import counted, shortened
from ...imports import missing, uploads
from ...imports.choices import Choices
from ...imports.layouts import FORMATS
from ...imports.plan_pages import (
    BAD,
    GROUPS,
    KINDS,
    MISSING,
    WARNINGS,
    opened_plan,
    read_page,
)
from ...imports.staged_table import CHANGED, NEW, SAME
from ...jobs import JobView
from ...jobs.table import CANCELLED, FAILED, LOST, ahead_of
from ...limits import limits
from ...models import FileImport
from ...validation.values import fold, meant_status
from ..current_user import me
from .forms import NOT_SET, meanings_of
from .words import FORMAT_LABELS, page_words

ENCODINGS = (
    *("utf-8", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso8859_15"),
    *("utf-16", "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp850", "mac_roman"),
)
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Pipe"}
PHASES = {
    "": "Waiting",
    "reading": "Reading the file",
    "planning": "Comparing with the inventory",
    "storing": "Storing the preview",
    "writing": "Writing",
    "finishing": "Finishing",
}
NOTHING_WRITTEN = "Nothing was written."
# So many columns are named on the plan.
_MAPPED = 5
_TABS = {
    BAD: "{} with errors",
    WARNINGS: "{}",
    CHANGED: "{} changed",
    NEW: "{} new",
    SAME: "{} unchanged",
    MISSING: "{} not in this file",
    GROUPS: "{}",
}


def owner() -> str:
    """Return whose uploads somebody sees: their own."""
    who = me()
    if who.account_id is not None:
        return f"account {who.account_id}"
    return f"token {who.token_id}"


def format_label(name: str) -> str:
    return FORMAT_LABELS.get(name, name)


def recent() -> list[dict[str, Any]]:
    """Return the uploads of the last day: what each is at."""
    found = []
    for upload in uploads.list_uploads(db.session(), owner()):
        job = uploads.job_of(db.session(), upload)
        state = "Waiting for you"
        if upload.step == uploads.DONE:
            state = "Imported"
        elif job is not None and not job.has_ended:
            state = "Running"
        found.append({"upload": upload, "state": state})
    return found


def _base(upload: FileImport) -> dict[str, Any]:
    return {
        "upload": upload,
        "found": upload.found,
        "choices": Choices.from_json(upload.options),
        "ended": _ended(upload),
        "problem": page_words(upload.problem or "", upload.name),
        "counted": counted,
        "notes": [
            page_words(note)
            for note in upload.found.get("notes", ())
            # The page of columns says that better.
            if not note.startswith("Columns: ")
        ],
    }


def _ended(upload: FileImport) -> str:
    """Return how the last job ended, if that was not well."""
    job = uploads.job_of(db.session(), upload)
    if job is None or upload.step == uploads.DONE:
        return ""
    if job.state == LOST:
        return f"The server process that ran this import stopped. {NOTHING_WRITTEN}"
    if job.state == CANCELLED:
        return f"Cancelled. {NOTHING_WRITTEN}"
    if job.state == FAILED:
        return f"{page_words(job.error or '', upload.name)} {NOTHING_WRITTEN}"
    return ""


# ---- the job


def job(upload: FileImport, running: JobView) -> dict[str, Any]:
    ahead = 0 if running.phase else ahead_of(db.session(), running)
    return {
        "upload": upload,
        "job": running,
        "phase": PHASES.get(running.phase, running.phase),
        "ahead": ahead,
        "counted": counted,
        "rate": round(running.rate),
        "left": _seconds_text(running.seconds_left),
    }


def _seconds_text(seconds: int | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, seconds)} s left"
    return f"{round(seconds / 60)} min left"


# ---- the file


def file(upload: FileImport) -> dict[str, Any]:
    found = upload.found
    guesses = found.get("encodings", {})
    encodings = dict.fromkeys((*guesses, *ENCODINGS))
    return {
        **_base(upload),
        "formats": [(name, format_label(name)) for name in FORMATS],
        "encodings": [(name, guesses.get(name, "")) for name in encodings],
        "sheet_choices": [(name, name) for name in found.get("sheets", ())],
        "delimiters": DELIMITERS,
        "delimiter": DELIMITERS.get(found.get("delimiter", ""), ""),
    }


# ---- columns


def columns(upload: FileImport, form: MultiDict[str, str]) -> dict[str, Any]:
    found = upload.found
    choices = Choices.from_json(upload.options)
    shown = [
        {**column, "field": form.get(f"c{index}", _shown_field(column["field"]))}
        for index, column in enumerate(found["columns"])
    ]
    known = choices.read.values
    words = [
        {
            "field": LABELS[field].lower(),
            "text": text,
            "count": count,
            "meanings": meanings_of(field),
            "meaning": form.get(
                f"v{index}",
                known.get(field, {}).get(fold(text), _meaning(field, text)),
            ),
        }
        for index, (field, text, count) in enumerate(found.get("unknown", ()))
    ]
    return {
        **_base(upload),
        "columns": shown,
        "words": words,
        "fields": [(name, LABELS[name]) for name in COLUMNS],
        "asked": sum(column["state"] == "asked" for column in found["columns"]),
    }


def _meaning(field: str, text: str) -> str:
    """Return what a word probably means, be it in the middle of others."""
    if field != "status":
        return NOT_SET
    few = [] if fold(text).startswith("not ") else re.findall(r"\w{4,}", text)
    words = (text, *few)
    return next(filter(None, map(meant_status, words)), "")


def _shown_field(field: str) -> str:
    return "var" if field.startswith("var.") else field


# ---- the plan


def plan(
    upload: FileImport, args: MultiDict[str, str], form: MultiDict[str, str]
) -> dict[str, Any]:
    found = upload.found
    counts = found["counts"]
    tabs = _tabs(found)
    kind = args.get("show", "")
    if kind not in tabs:
        kind = next(iter(tabs), NEW)
    text = args.get("q", "")[:255]
    with opened_plan(db.session(), upload.id, upload.plan_number) as opened:
        page = read_page(opened, kind, text, args.get("after", ""), limits.plan_rows)
    choices = Choices.from_json(upload.options)
    return {
        **_base(upload),
        "counts": counts,
        "tabs": [
            (name, label, _plan_url(upload, show=name, q=text or None))
            for name, label in tabs.items()
        ],
        "kind": kind,
        "text": text,
        "page": page,
        "page_words": page_words,
        "next_url": page.next
        and _plan_url(upload, show=kind, q=text or None, after=page.next),
        "is_first": not args.get("after"),
        "description": _description(upload),
        "mapped": _mapped(found.get("columns", ())),
        "button": _button(found, choices),
        "sent": form,
        "labels": LABELS,
        "missing_actions": missing.ACTIONS,
        "is_red": choices.missing == missing.DELETE and counts["missing"],
    }


def _plan_url(upload: FileImport, **args: Any) -> str:
    return url_for("imports.plan", import_id=upload.id, **args) + "#rows"


def _tabs(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the kinds of lines that there are, and how each is called."""
    counts = found["counts"]
    numbers = {
        BAD: counted(counts["bad"], "row"),
        CHANGED: f"{counts['changed']:,}",
        NEW: f"{counts['new']:,}",
        SAME: f"{counts['unchanged']:,}",
        MISSING: f"{counts['missing']:,}",
        GROUPS: counted(sum(found["groups"]), "group"),
        WARNINGS: counted(sum(found.get("warnings", {}).values()), "warning"),
    }
    there = {kind: not numbers[kind].startswith("0") for kind in KINDS}
    return {kind: _TABS[kind].format(numbers[kind]) for kind in KINDS if there[kind]}


def _description(upload: FileImport) -> str:
    """Return what the file is, in a few words."""
    found = upload.found
    parts = [format_label(_format_of(found["layout"]))]
    if delimiter := DELIMITERS.get(found.get("delimiter", "")):
        parts.append(f"separated by {delimiter.lower()}s")
    if found.get("sheet"):
        parts.append(f"sheet {found['sheet']}")
    if found.get("encoding"):
        parts.append(_encoding_label(found["encoding"]))
    return ", ".join([*parts, counted(found.get("rows", 0), "row")])


def _mapped(columns: Iterable[Mapping[str, Any]]) -> str:
    """Return what the first columns are."""
    shown = [
        f"{shortened(column['header'], 24)} → "
        f"{LABELS.get(column['field'], 'variable').lower()}"
        for column in columns
        if column["field"] not in ("", "ignore")
    ]
    return ", ".join(shown[:_MAPPED]) + (", …" if len(shown) > _MAPPED else "")


def _format_of(layout: str) -> str:
    return {"json-api": "json", "ansible-json": "ansible"}.get(layout, layout)


def _encoding_label(name: str) -> str:
    return {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with BOM"}.get(name, name)


def _button(found: Mapping[str, Any], choices: Choices) -> str:
    """Return what the button does, with the numbers; nothing where it does nothing."""
    counts = found["counts"]
    parts = []
    if written := counts["new"] + counts["changed"]:
        parts.append(f"import {counted(written, 'host')}")
    elif sum(found["groups"]):
        parts.append(f"import {counted(sum(found['groups']), 'group')}")
    elif found.get("changes_inventory"):
        parts.append("import the variables of all hosts")
    elif counts["unchanged"]:
        parts.append(f"confirm {counted(counts['unchanged'], 'host')}")
    if counts["missing"] and choices.missing != missing.REPORT:
        parts.append(f"{choices.missing} {counts['missing']:,}")
    text = ", ".join(parts)
    return text[:1].upper() + text[1:]


# ---- the end


def done(upload: FileImport) -> dict[str, Any]:
    counts = upload.found["counts"]
    choices = Choices.from_json(upload.options)
    gone = counts["missing"] if choices.missing != missing.REPORT else 0
    retired = gone if choices.missing == missing.RETIRE else 0
    return {
        **_base(upload),
        "counts": counts,
        "shown": upload.change_set_id and counts["new"] + counts["changed"] + retired,
        "gone": gone,
        "undo": upload.change_set_id,
        "mapping": upload.found.get("mapping", ""),
    }
