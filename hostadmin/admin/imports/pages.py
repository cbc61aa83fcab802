"""The pages of an import: a file, its columns, what will happen, and that it did.

Each step is an address of its own, so that going back, reloading and a second tab are
safe: what is shown is what the import is, and only a button with the number of the plan
that was shown writes.
"""

import io
import time
from typing import BinaryIO

from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_admin import Admin, BaseView, expose
from werkzeug.exceptions import HTTPException

from ...config import Settings
from ...db.session import db, write_transaction
from ...errors import Conflict, HostadminError, InvalidFile, NotFound, with_field
from ...formatting import counted
from ...imports import bad_rows, mappings, uploads
from ...imports.choices import Choices
from ...imports.layouts import FORMATS, LABELS
from ...imports.plan_pages import opened_plan
from ...imports.uploads import APPLY, ASK_COLUMNS, ASK_FILE, DONE, PLANNED, PREPARE
from ...imports.work import REPLAN, WORK
from ...jobs import JobView, Runner, cancel_job
from ...limits import limits
from ...models import FileImport
from ...permissions.guard import is_tool
from ..current_user import me
from . import context, tools
from .forms import (
    is_as_found,
    is_ticked,
    read_columns_form,
    read_file_form,
    read_plan_form,
    read_same_form,
    read_tool_form,
)
from .words import page_words

# Text that is pasted; a file may be much larger.
MAX_PASTED = 8 * 1024**2
# What a form has besides its file.
MAX_REST = 1024**2
# A program waits longer than a person before it has to ask again.
TOOL_WAIT = 20
STEPS = {ASK_FILE: "file", ASK_COLUMNS: "columns", PLANNED: "plan", DONE: "done"}


def install(app: Flask, admin: Admin) -> None:
    """Add the pages, and what runs their long work."""
    view = ImportPage(name="Import", endpoint="imports", url="/import")
    admin.add_view(view)
    app.extensions["hostadmin_jobs"] = Runner(app.app_context, WORK)
    settings: Settings = app.extensions["hostadmin"]
    app.config["BODY_LIMITS"]["imports.index"] = settings.upload_limit + MAX_REST
    app.config["FORM_LIMITS"]["imports.index"] = MAX_PASTED


def runner() -> Runner:
    found: Runner = current_app.extensions["hostadmin_jobs"]
    return found


def upload_limit() -> int:
    settings: Settings = current_app.extensions["hostadmin"]
    return settings.upload_limit


class ImportPage(BaseView):
    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Ask for a file, or take one."""
        if request.method == "POST":
            return _take_file()
        uploads.forget_old()
        return _start_page()

    @expose("/<int:import_id>/")
    def show(self, import_id: int) -> ResponseReturnValue:
        """Lead to the step at which the import is."""
        upload = _own(import_id)
        job = _job(upload)
        if is_tool():
            return tools.answer(upload, job)
        if job is not None and not job.has_ended:
            return _job_page(upload, job)
        return redirect(_url(upload))

    @expose("/<int:import_id>/file", methods=("GET", "POST"))
    def file(self, import_id: int) -> ResponseReturnValue:
        """Say what the file is, or read it otherwise."""
        upload, busy = _open(import_id, ASK_FILE)
        if busy is not None:
            return busy
        if request.method == "GET":
            return _file_page(upload)
        try:
            chosen = read_file_form(request.form, Choices.from_json(upload.options))
        except HostadminError as error:
            return _file_page(upload, str(error)), 400
        # Other rows have other columns.
        return _queue(upload, PREPARE, chosen.reading(columns={}))

    @expose("/<int:import_id>/columns", methods=("GET", "POST"))
    def columns(self, import_id: int) -> ResponseReturnValue:
        """Ask what each column is, and what words mean that a field does not take."""
        upload, busy = _open(import_id, ASK_COLUMNS)
        if busy is not None:
            return busy
        if not upload.found.get("columns"):
            return redirect(_url(upload))
        if request.method == "GET":
            return _columns_page(upload)
        choices = Choices.from_json(upload.options)
        try:
            chosen = read_columns_form(request.form, upload.found, choices)
        except HostadminError as error:
            return _columns_page(upload, str(error)), 400
        if is_as_found(chosen, choices, upload.found):
            uploads.update(import_id, _confirmed)
            return redirect(url_for("imports.plan", import_id=import_id))
        return _queue(upload, PREPARE, chosen)

    @expose("/<int:import_id>/plan", methods=("GET", "POST"))
    def plan(self, import_id: int) -> ResponseReturnValue:
        """Show what will happen; plan with other options, or do it."""
        upload, busy = _open(import_id, PLANNED)
        if busy is not None:
            return busy
        if not upload.found.get("has_plan"):
            return redirect(_url(upload))
        if request.method == "GET":
            return _plan_page(upload)
        choices = Choices.from_json(upload.options)
        try:
            if request.form.get("go") == "same":
                chosen = read_same_form(request.form, choices)
                return _queue(upload, PREPARE, chosen)
            chosen = read_plan_form(request.form, choices)
            if request.form.get("go") != "import":
                return _queue(upload, REPLAN, chosen)
            _check_plan(upload, chosen, choices)
        except HostadminError as error:
            status = 409 if isinstance(error, Conflict) else 400
            return _plan_page(upload, str(error)), status
        return _queue(upload, APPLY, chosen)

    @expose("/<int:import_id>/done", methods=("GET", "POST"))
    def done(self, import_id: int) -> ResponseReturnValue:
        """Say what was done; name how the columns were read, for the next time."""
        upload, busy = _open(import_id, DONE)
        if busy is not None:
            return busy
        if upload.step != DONE:
            return redirect(_url(upload))
        if request.method == "GET":
            return _done_page(upload)
        heads, name = upload.found.get("headings", []), request.form.get("name", "")
        try:
            with write_transaction():
                mappings.name_mapping(db.session(), heads, name)
        except HostadminError as error:
            return _done_page(_own(import_id), with_field("Name", str(error))), 400
        flash(f"The mapping is saved as “{name.strip()}”.", "success")
        return redirect(url_for("imports.done", import_id=import_id))

    @expose("/mappings/<int:mapping_id>/delete", methods=("POST",))
    def delete_mapping(self, mapping_id: int) -> ResponseReturnValue:
        with write_transaction():
            mappings.delete_mapping(db.session(), mapping_id)
        flash("The mapping was deleted.", "success")
        return redirect(url_for("imports.index"))

    @expose("/<int:import_id>/errors.csv")
    def errors(self, import_id: int) -> ResponseReturnValue:
        """Send the bad rows as they are in the file, with what is wrong with them."""
        upload = _own(import_id)
        if not upload.found.get("has_plan"):
            abort(404)
        with opened_plan(db.session(), upload.id, upload.plan_number) as plan:
            lines = dict(plan.staging.bad_lines())
        name = f"errors-{upload.id}.csv"
        text = bad_rows.as_csv(db.session(), upload, lines)
        return Response(
            text,
            mimetype="text/csv",
            headers={"Content-Disposition": f"attachment; filename={name}"},
        )

    @expose("/<int:import_id>/cancel", methods=("POST",))
    def cancel(self, import_id: int) -> ResponseReturnValue:
        """End what runs, or forget the upload if nothing does."""
        upload = _own(import_id)
        job = _job(upload)
        if job is None or job.has_ended:
            uploads.forget(import_id)
            flash("The upload was deleted. Nothing was imported.", "success")
            return redirect(url_for("imports.index"))
        if not runner().cancel(job.id):
            with write_transaction():
                cancel_job(db.session(), job.id)
        runner().run(job.id, limits.job_wait)
        return redirect(url_for("imports.show", import_id=import_id))


# ---- the import that is meant


def _own(import_id: int) -> FileImport:
    """Return an import of who asks; those of others are not there for them."""
    upload = uploads.find_upload(db.session(), import_id)
    if upload is None or upload.owner != context.owner():
        raise NotFound(uploads.GONE)
    return upload


def _job(upload: FileImport) -> JobView | None:
    """Return the job of an import as it is; one that lost its process has ended."""
    job = uploads.job_of(db.session(), upload)
    if job is None or job.has_ended:
        return job
    runner().free_lost_turn()
    runner().kick()
    # What was just written is not in the moment that was read before.
    db.session.rollback()
    job = uploads.job_of(db.session(), upload)
    return runner().shown(job) if job is not None else None


def _open(import_id: int, step: str) -> tuple[FileImport, ResponseReturnValue | None]:
    """Return an import, and what to answer instead of this step of it, if anything."""
    upload = _own(import_id)
    job = _job(upload)
    if job is not None and not job.has_ended:
        return upload, _job_page(upload, job)
    if upload.step == DONE and step != DONE:
        return upload, redirect(_url(upload))
    return upload, None


def _url(upload: FileImport) -> str:
    step = STEPS.get(upload.step, "file")
    return url_for(f"imports.{step}", import_id=upload.id)


def _confirmed(upload: FileImport) -> None:
    upload.step = PLANNED
    upload.options = {**upload.options, "is_confirmed": True}


def _queue(upload: FileImport, kind: str, choices: Choices) -> ResponseReturnValue:
    """Have a job do it, and go on where that leads."""
    import_id, shown = upload.id, upload.plan_number

    def change(row: FileImport) -> None:
        if row.plan_number != shown:
            raise Conflict("This import was continued in another tab.")
        row.options = choices.as_json()

    try:
        job_id = uploads.queue(import_id, kind, change)
    except Conflict as error:
        flash(f"{error} This is the current state.", "warning")
        job_id = None
    if job_id is not None:
        runner().run(job_id, limits.job_wait)
    return redirect(url_for("imports.show", import_id=import_id), 303)


def _check_plan(upload: FileImport, chosen: Choices, choices: Choices) -> None:
    """Refuse to do what was not shown. Raises ``Conflict`` or ``InvalidFile``."""
    planned = (choices.replace, choices.missing, choices.within)
    if request.form.get("plan") != str(upload.plan_number):
        raise Conflict("The preview is outdated. This is the new one.")
    if (chosen.replace, chosen.missing, chosen.within) != planned:
        raise Conflict("The options changed. Update the preview first.")
    bad = upload.found["counts"]["bad"]
    if bad and not is_ticked(request.form, "skip"):
        raise InvalidFile(f"{counted(bad, 'row')} cannot be imported.")


# ---- taking a file


def _take_file() -> ResponseReturnValue:
    try:
        name, source = _sent_file()
        tool = is_tool()
        choices = read_tool_form(request.form) if tool else Choices()
        who = me()
        row = {
            "owner": context.owner(),
            "actor": who.name,
            "address": request.remote_addr,
        }
        import_id = uploads.keep_upload(
            source, name, upload_limit(), row, choices.as_json()
        )
    except HTTPException:
        raise
    except HostadminError as error:
        if is_tool():
            return tools.refusal(str(error))
        return _start_page(page_words(str(error))), 400
    if tool:
        return _answer_tool(import_id)
    runner().run(_own(import_id).job_id or 0, limits.job_wait)
    return redirect(url_for("imports.show", import_id=import_id), 303)


def _sent_file() -> tuple[str, BinaryIO]:
    file = request.files.get("file")
    if file is not None and (file.filename or file.stream.read(1)):
        file.stream.seek(0)
        return file.filename or "file", file.stream  # type: ignore[return-value]
    text = request.form.get("text", "")
    if not text.strip():
        raise InvalidFile("Choose a file, or paste its text.")
    # Browsers send line ends of their own.
    return "pasted text", io.BytesIO(text.replace("\r\n", "\n").encode())


def _answer_tool(import_id: int) -> ResponseReturnValue:
    """Wait for the plan, and for its writing where that was asked for."""
    until = time.monotonic() + TOOL_WAIT
    job_id = None
    while (left := until - time.monotonic()) > 0:
        before, job_id = job_id, _own(import_id).job_id
        if job_id == before:
            break
        runner().run(job_id or 0, left)
        db.session.rollback()
    return tools.answer(_own(import_id), _job(_own(import_id)))


# ---- pages


def _start_page(error: str = "") -> str:
    return render_template(
        "imports/start.html",
        error=error,
        recent=context.recent(),
        mappings=mappings.list_named(db.session()),
        formats=[(name, context.format_label(name)) for name in FORMATS],
        limit=upload_limit(),
        pasted_limit=MAX_PASTED,
    )


def _job_page(upload: FileImport, job: JobView) -> str:
    return render_template("imports/job.html", **context.job(upload, job))


def _file_page(upload: FileImport, error: str = "") -> str:
    return render_template(
        "imports/file.html", error=error, labels=LABELS, **context.file(upload)
    )


def _columns_page(upload: FileImport, error: str = "") -> str:
    return render_template(
        "imports/columns.html", error=error, **context.columns(upload, request.form)
    )


def _done_page(upload: FileImport, error: str = "") -> str:
    return render_template("imports/done.html", error=error, **context.done(upload))


def _plan_page(upload: FileImport, error: str = "") -> str:
    return render_template(
        "imports/plan.html",
        error=error,
        **context.plan(upload, request.args, request.form),
    )
