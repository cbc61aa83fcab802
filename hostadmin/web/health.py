"""Whether the process is up, and whether it can serve."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from ..db import schema
from ..db.session import db

# It went away between two questions.
AWAY = "the database does not answer"
bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer as long as the process does; the database is not asked."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 503 unless the database answers and has the schema of this version."""
    try:
        found = schema.fault(db.engine)
    except SQLAlchemyError:
        return jsonify(status=AWAY), 503
    return (jsonify(status=found.status), 503) if found else jsonify(status="ok")
