"""``/metrics``: what Prometheus reads of the server and of the inventory.

Where several processes serve, they keep their numbers in files of one folder, and
whichever is asked adds them up.
"""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ..db.session import abandon, db
from ..db.time_limit import TooSlow, time_limit
from ..limits import limits
from ..stats.counts import count_by_many
from .requests import QUEUED, RULE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

bp = Blueprint("metrics", __name__)

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
# In seconds: a page from memory, a slow one, the limit of five, a long export.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30)
# Between processes that have a thread free and those that people wait for.
QUEUE_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1, 5, 30)
# The folder of several processes; prometheus_client reads it, too.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Prometheus waits ten seconds, and people want the database, too.
COUNT_SECONDS = 2.0


class Metrics:
    """The numbers of one app; another one in the same process has its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.registry = CollectorRegistry(auto_describe=False)
        self.seconds = Histogram(
            "hostadmin_request_duration_seconds",
            "Time from a request to the end of its response, including waiting.",
            ["endpoint"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.queue = Histogram(
            "hostadmin_request_queue_seconds",
            "Time that requests wait until a thread is free.",
            buckets=QUEUE_BUCKETS,
            registry=self.registry,
        )
        self.requests = CounterMetric(
            "hostadmin_requests",
            "Requests by their status; 5xx are errors.",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self.connections = Gauge(
            "hostadmin_database_connections",
            "Connections to the database, as of the last requests.",
            ["state"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.connections_kept = Gauge(
            "hostadmin_database_connections_kept",
            "Maximum number of connections kept open; others are closed after use.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def observe(self, environ: "WSGIEnvironment", status: int, seconds: float) -> None:
        """Note a request whose answer was sent."""
        rule = environ.get(RULE)
        endpoint = rule.endpoint if rule is not None else "none"
        method = environ.get("REQUEST_METHOD")
        method = method if method in METHODS else "other"
        self.seconds.labels(endpoint).observe(seconds)
        self.queue.observe(environ.get(QUEUED, 0.0))
        self.requests.labels(endpoint, method, str(status)).inc()
        self._observe_pool()

    def _observe_pool(self) -> None:
        pool = self.engine.pool
        if isinstance(pool, QueuePool):
            self.connections.labels("in_use").set(pool.checkedout())
            self.connections.labels("idle").set(pool.checkedin())
            self.connections_kept.set(pool.size())

    def summed(self) -> CollectorRegistry:
        """Return the numbers of all processes that serve together."""
        self._observe_pool()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Inventory())
        folder = os.environ.get(FOLDER)
        if folder is None:
            registry.register(self.registry)
        else:
            _forget_the_dead(Path(folder))
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        return registry


def _forget_the_dead(folder: Path) -> None:
    """Drop what processes that died held just then; what they counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        process = int(path.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            with contextlib.suppress(FileNotFoundError):
                mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]


class Inventory(Collector):
    """Tells the numbers of hosts that every write keeps."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        started = time.monotonic()
        try:
            with time_limit(db.session(), COUNT_SECONDS):
                cells = count_by_many(db.session(), by=("status", "env"))
            found: dict[tuple[str, str], int] | None = {
                (cell.values[0] or "", cell.values[1] or ""): cell.count
                for cell in cells
            }
        except (TooSlow, SQLAlchemyError):
            abandon()
            found = None
        yield GaugeMetricFamily(
            "hostadmin_hosts_counted",
            "1 if the hosts were counted in time; if 0, their numbers are missing.",
            value=int(found is not None),
        )
        yield GaugeMetricFamily(
            "hostadmin_hosts_count_seconds",
            "How long counting the hosts took.",
            value=time.monotonic() - started,
        )
        if found is not None:
            yield from _families(found)


def _families(found: dict[tuple[str, str], int]) -> Iterator[GaugeMetricFamily]:
    sizes: Counter[str] = Counter()
    for (_, environment), count in found.items():
        sizes[environment] += count
    shown = {name for name, _ in sizes.most_common(limits.metrics_environments)} | {""}
    hosts = GaugeMetricFamily(
        "hostadmin_hosts",
        "Hosts by status and environment; an empty environment means not set.",
        labels=["status", "environment"],
    )
    rest: Counter[str] = Counter()
    for (status, environment), count in sorted(found.items()):
        if environment in shown:
            hosts.add_metric([status, environment], count)
        else:
            rest[status] += count
    others = GaugeMetricFamily(
        "hostadmin_hosts_in_other_environments",
        f"Hosts in environments beyond the {limits.metrics_environments} largest.",
        labels=["status"],
    )
    for status, count in rest.items():
        others.add_metric([status], count)
    yield hosts
    yield others


def install(app: Flask) -> None:
    with app.app_context():
        metrics = Metrics(db.engine)
    app.extensions["hostadmin_metrics"] = metrics
    app.extensions["hostadmin_observers"].append(metrics.observe)
    app.register_blueprint(bp)


@bp.get("/metrics")
def metrics() -> Response:
    """Answer with all numbers, in the text format or in OpenMetrics."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    kept: Metrics = current_app.extensions["hostadmin_metrics"]
    return Response(encode(kept.summed()), content_type=content_type)
