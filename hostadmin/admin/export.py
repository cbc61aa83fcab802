"""Downloads of what is filtered, streamed."""

from collections.abc import Iterator

from flask import Blueprint, Response, request, stream_with_context
from flask.typing import ResponseReturnValue

from ..clock import utcnow
from ..database import db
from ..errors import NotFound
from ..inventory.listing import iter_hosts
from ..transfer.exporting import export_csv
from ..values import quoted
from .asked import read_hosts_request

bp = Blueprint("export", __name__)


@bp.get("/export/<format>")
def export(format: str) -> ResponseReturnValue:
    """Send the hosts that the address asks for as a file. Raises ``QueryError``."""
    if format != "csv":
        raise NotFound(f"There is no format {quoted(format)}; csv is one.")
    node = read_hosts_request("export.export", request.args).node
    lines = iter(export_csv(iter_hosts(db.session(), node)))
    # The first line is made before the answer begins, so that an error in the
    # query or the database is still told as one.
    first = next(lines, "")
    name = f"hosts-{utcnow():%Y%m%d-%H%M}.csv"

    def body() -> Iterator[str]:
        yield first
        yield from lines

    return Response(
        stream_with_context(body()),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )
