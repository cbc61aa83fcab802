"""What is asked twice is done once: the answer is kept with what was done.

A program that got no answer cannot know whether it was heard. With an Idempotency-Key
it may ask again and gets the first answer.
"""

import hashlib
from collections.abc import Callable

import sqlalchemy as sa
from flask import Response, abort, request
from sqlalchemy import orm
from sqlalchemy.exc import IntegrityError

from ..clock import utcnow
from ..db.session import db
from ..errors import Conflict, HostadminError, QueryError
from ..history import write
from ..limits import limits
from ..models import KeptAnswer
from ..validation.values import MAX_TEXT
from .callers import api_act, caller

HEADER = "Idempotency-Key"
# So many of the oldest go at a time.
CLEARED = 100


def write_once(
    work: Callable[[], Response], message: str | None = None, source: str = "api"
) -> Response:
    """Run ``work``, which makes the answer, in a write transaction.

    Where the request has a key, only if none with this key was answered before.
    """
    key = request.headers.get(HEADER)
    act = api_act(message, source)
    if key is None:
        return write(act, work)
    if not (0 < len(key) <= MAX_TEXT and key.isascii() and key.isprintable()):
        raise QueryError(f"{HEADER} must have 1–{MAX_TEXT} visible ASCII characters.")

    def keyed() -> Response:
        session = db.session()
        if (before := _find(session, key)) is not None:
            return _again(before)
        response = work()
        _keep(session, key, response)
        return response

    try:
        return write(act, keyed)
    except (IntegrityError, HostadminError) as error:
        # The same at the same moment: one of them was first.
        if (before := _find(db.session(), key)) is not None:
            return _again(before)
        if isinstance(error, IntegrityError):
            raise Conflict(
                "Someone else was saving the same data. Nothing was saved. Try again."
            ) from None
        raise


def _find(session: orm.Session, key: str) -> KeptAnswer | None:
    return session.scalar(
        sa.select(KeptAnswer).where(
            KeptAnswer.token_id == caller().token_id, KeptAnswer.request_key == key
        )
    )


def _again(before: KeptAnswer) -> Response:
    if before.request_hash != _request_hash():
        abort(
            422,
            f"This {HEADER} was used for another request. Nothing was done. Each "
            "request needs its own key.",
        )
    headers = {"Location": before.location, "ETag": before.tag}
    known = {name: text for name, text in headers.items() if text}
    known["Idempotency-Replayed"] = "true"
    return Response(before.body, before.status, known, mimetype="application/json")


def _keep(session: orm.Session, key: str, response: Response) -> None:
    token_id = caller().token_id
    _clear(session, token_id)
    session.add(
        KeptAnswer(
            token_id=token_id,
            request_key=key,
            request_hash=_request_hash(),
            status=response.status_code,
            location=response.headers.get("Location"),
            tag=response.headers.get("ETag"),
            body=response.get_data(as_text=True),
        )
    )
    session.flush()


def _clear(session: orm.Session, token_id: int | None) -> None:
    """Forget answers of this token that are old, or too many."""
    mine = sa.select(KeptAnswer.id).where(KeptAnswer.token_id == token_id)
    newest_first = mine.order_by(KeptAnswer.created_at.desc(), KeptAnswer.id.desc())
    too_many = newest_first.offset(limits.kept_answers - 1).limit(CLEARED)
    old = mine.where(KeptAnswer.created_at < utcnow() - limits.kept_answer_age)
    ids = {*session.scalars(too_many), *session.scalars(old.limit(CLEARED))}
    if ids:
        session.execute(sa.delete(KeptAnswer).where(KeptAnswer.id.in_(ids)))


def _request_hash() -> str:
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    digest.update(request.get_data())
    return digest.hexdigest()
