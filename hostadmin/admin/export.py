"""Downloads of what is filtered, streamed."""

from collections.abc import Iterator

from flask import Blueprint, Response, request, stream_with_context
from flask.typing import ResponseReturnValue

from ..clock import utcnow
from ..database import db
from ..errors import NotFound
from ..inventory.listing import iter_hosts
from ..query.filters import parse_filter_list
from ..query.tree import all_of
from ..transfer.exporting import export_csv
from ..values import quoted
from .listing import read_request

bp = Blueprint("export", __name__)


@bp.get("/export/<format>")
def export(format: str) -> ResponseReturnValue:
    """Send the hosts of the filters as a file. Raises ``QueryError``."""
    if format != "csv":
        raise NotFound(f"There is no format {quoted(format)}; csv is one.")
    asked = read_request("export.export", request.args)
    node = all_of(*(found.node for found in parse_filter_list(asked.filters)))
    lines = iter(export_csv(iter_hosts(db.session(), node)))
    # The first line is made before the answer begins, so that an error in the
    # filters or the database is still told as one.
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
