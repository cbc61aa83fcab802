"""Uploaded files and their plans: in the database, where every process reads them."""

import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy import orm

from .. import jobs
from ..clock import utcnow
from ..db.session import db, write_transaction
from ..errors import InvalidFile, NotFound
from ..formatting import one_line
from ..jobs import JobView
from ..limits import limits
from ..models import FileImport, file_import_pieces
from ..validation.numbers import MAX_ID
from ..validation.values import MAX_TEXT

FILE, PLAN = "file", "plan"
# What is asked next of an upload, and what is done.
UPLOADING, ASK_FILE, ASK_COLUMNS, PLANNED, DONE = (
    *("upload", "file", "columns"),
    *("plan", "done"),
)
PREPARE, APPLY = "prepare", "apply"
# Pieces that are written in one transaction: while it lasts, SQLite takes no other.
_PIECES_AT_ONCE = 16
# Of one account, so that nobody fills the disk.
MOST_UPLOADS = 20
GONE = "Uploads are kept for a day, and this one is gone. Upload the file again."
_NEWEST_FIRST = (FileImport.created_at.desc(), FileImport.id.desc())


def keep_upload(
    source: BinaryIO, name: str, most: int, row: dict[str, Any], options: dict[str, Any]
) -> int:
    """Keep a file and queue its reading; return the id of the import.

    Raises ``InvalidFile`` where it is empty or over ``most`` bytes.
    """
    forget_old()
    with write_transaction():
        upload = FileImport(
            **row, name=_shown_name(name), step=UPLOADING, options=options, found={}
        )
        db.session.add(upload)
        db.session.flush()
        import_id = upload.id
        _make_room(db.session(), upload.owner, import_id)
    try:
        size = _write_pieces(import_id, FILE, _read_pieces(source, most))
        if not size:
            raise InvalidFile("The file is empty.")
    except BaseException:
        forget(import_id)
        raise
    with write_transaction():
        upload = _get(import_id)
        upload.size, upload.step = size, ASK_FILE
        upload.job_id = jobs.add_job(db.session(), PREPARE, import_id)
    return import_id


def _shown_name(name: str) -> str:
    return one_line(name.replace("\\", "/").rpartition("/")[2], MAX_TEXT) or "file"


def _read_pieces(source: BinaryIO, most: int) -> Iterator[bytes]:
    size = 0
    while piece := source.read(limits.upload_piece):
        size += len(piece)
        if size > most:
            raise InvalidFile(f"The file has over {most:,} bytes; split it.")
        yield piece


def _write_pieces(import_id: int, kind: str, pieces: Iterator[bytes]) -> int:
    """Write pieces, some in each transaction; return how many bytes they have."""
    size = number = 0
    more = True
    while more:
        with write_transaction():
            for _ in range(_PIECES_AT_ONCE):
                piece = next(pieces, None)
                more = piece is not None
                if piece is None:
                    break
                values = {"import_id": import_id, "kind": kind, "number": number}
                insert = sa.insert(file_import_pieces)
                db.session.execute(insert, [{**values, "content": piece}])
                size += len(piece)
                number += 1
    return size


def read_pieces(session: orm.Session, import_id: int, kind: str) -> Iterator[bytes]:
    """Yield what was kept, piece by piece."""
    pieces = file_import_pieces.c
    number = 0
    while True:
        piece = session.scalar(
            sa.select(pieces.content).where(
                pieces.import_id == import_id,
                pieces.kind == kind,
                pieces.number == number,
            )
        )
        session.rollback()
        if piece is None:
            return
        yield bytes(piece)
        number += 1


def copy_of(session: orm.Session, import_id: int) -> BinaryIO:
    """Return a copy of the file, which is gone once it is closed."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    for piece in read_pieces(session, import_id, FILE):
        copy.write(piece)
    copy.seek(0)
    return copy


def save_plan(import_id: int, path: Path, progress: Callable[[float], None]) -> None:
    """Keep the file of a plan in place of the one before.

    ``progress`` gets the share of the file that was read, up to 1.
    """
    pieces = file_import_pieces.c
    with write_transaction():
        db.session.execute(
            sa.delete(file_import_pieces).where(
                pieces.import_id == import_id, pieces.kind == PLAN
            )
        )
    packer, size = zlib.compressobj(1), path.stat().st_size

    def packed() -> Iterator[bytes]:
        with path.open("rb") as source:
            while block := source.read(limits.upload_piece):
                yield packer.compress(block)
                progress(source.tell() / size)
        yield packer.flush()

    _write_pieces(import_id, PLAN, _joined(packed()))


def _joined(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces that are worth a row each."""
    rest = b""
    for piece in pieces:
        rest += piece
        if len(rest) >= limits.upload_piece:
            yield rest
            rest = b""
    if rest:
        yield rest


def load_plan(session: orm.Session, import_id: int, path: Path) -> bool:
    """Write the plan to a file; return whether there is one."""
    unpacker = zlib.decompressobj()
    found = False
    with path.open("wb") as target:
        for piece in read_pieces(session, import_id, PLAN):
            target.write(unpacker.decompress(piece))
            found = True
        target.write(unpacker.flush())
    return found


# ---- rows


def _get(import_id: int) -> FileImport:
    found = db.session.get(FileImport, import_id, populate_existing=True)
    if found is None:
        raise NotFound(GONE)
    return found


def find_upload(session: orm.Session, import_id: int) -> FileImport | None:
    if import_id > MAX_ID:
        # Larger than what the database takes for a number.
        return None
    return session.get(FileImport, import_id, populate_existing=True)


def list_uploads(session: orm.Session, owner: str) -> list[FileImport]:
    """Return the uploads of somebody that are still there, the newest first."""
    return list(
        session.scalars(
            sa.select(FileImport)
            .where(FileImport.owner == owner, FileImport.step != UPLOADING)
            .order_by(*_NEWEST_FIRST)
            .limit(MOST_UPLOADS)
        )
    )


def update(import_id: int, change: Callable[[FileImport], None]) -> None:
    """Change the row of an import. Raises ``NotFound``."""
    with write_transaction():
        change(_get(import_id))


def queue(
    import_id: int, kind: str, change: Callable[[FileImport], None]
) -> int | None:
    """Change the row and queue a job for it; None while another one is at it."""
    with write_transaction():
        # On any engine, of two that come here the second sees what the first did.
        db.session.execute(
            sa.update(FileImport)
            .where(FileImport.id == import_id)
            .values(plan_number=FileImport.plan_number)
        )
        upload = _get(import_id)
        job = jobs.find_job(db.session(), upload.job_id)
        if (job is not None and not job.has_ended) or upload.step == DONE:
            return None
        change(upload)
        upload.job_id = jobs.add_job(db.session(), kind, import_id)
        return upload.job_id


def job_of(session: orm.Session, upload: FileImport) -> JobView | None:
    return jobs.find_job(session, upload.job_id)


# ---- what goes


def forget(import_id: int) -> None:
    """Delete an import with its file; a job that is at it ends."""
    with write_transaction():
        upload = db.session.get(FileImport, import_id)
        if upload is not None:
            if upload.job_id is not None:
                jobs.cancel_job(db.session(), upload.job_id)
            _delete(db.session(), [import_id])


def forget_old() -> None:
    """Delete what is older than a day. Looks first, since that needs no lock."""
    oldest = utcnow() - limits.upload_age
    old = sa.select(FileImport.id).where(FileImport.created_at < oldest)
    ids = list(db.session.scalars(old))
    db.session.rollback()
    if not ids:
        return
    with write_transaction():
        _delete(db.session(), ids)
        jobs.forget_jobs(db.session(), oldest)


def _make_room(session: orm.Session, owner: str, new_id: int) -> None:
    own = sa.select(FileImport.id).where(
        FileImport.owner == owner, FileImport.id != new_id
    )
    rest = own.order_by(*_NEWEST_FIRST).offset(MOST_UPLOADS - 1)
    _delete(session, list(session.scalars(rest)))


def _delete(session: orm.Session, ids: list[int]) -> None:
    if ids:
        pieces = file_import_pieces.c.import_id
        session.execute(sa.delete(file_import_pieces).where(pieces.in_(ids)))
        session.execute(sa.delete(FileImport).where(FileImport.id.in_(ids)))
