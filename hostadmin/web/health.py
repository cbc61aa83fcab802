"""Whether the process is up, and whether it can serve."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from ..db import schema
from ..db.session import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer as long as the process does; the database is not asked."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 503 unless the database answers and has the schema of this version."""
    try:
        state = schema.state(db.engine)
    except SQLAlchemyError:
        return jsonify(status="the database does not answer"), 503
    if state is not schema.State.CURRENT:
        return jsonify(status=f"the schema is {state.value}"), 503
    return jsonify(status="ok")
