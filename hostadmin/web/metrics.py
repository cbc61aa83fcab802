"""``/metrics``: what Prometheus reads of this process and of the inventory."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client import Counter as CounterMetric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ..db.session import abandon, db
from ..db.time_limit import TooSlow, time_limit
from ..limits import limits
from ..stats.counts import count_by_many
from .requests import RULE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

bp = Blueprint("metrics", __name__)

METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
# In seconds: a page from memory, a slow one, the limit of five, a long export.
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30)
# Prometheus waits ten seconds, and people want the database, too.
COUNT_SECONDS = 2.0


class Metrics:
    """The numbers of one app; another one in the same process has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.seconds = Histogram(
            "hostadmin_request_duration_seconds",
            "Time from a request to the end of its answer.",
            ["endpoint"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.requests = CounterMetric(
            "hostadmin_requests",
            "Requests by their status; 5xx are errors.",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self.registry.register(Inventory())
        self.registry.register(Pool())

    def observe(self, environ: "WSGIEnvironment", status: int, seconds: float) -> None:
        """Note a request whose answer was sent."""
        rule = environ.get(RULE)
        endpoint = rule.endpoint if rule is not None else "none"
        method = environ.get("REQUEST_METHOD")
        method = method if method in METHODS else "other"
        self.seconds.labels(endpoint).observe(seconds)
        self.requests.labels(endpoint, method, str(status)).inc()


class Inventory(Collector):
    """Counts the hosts whenever somebody asks; a kept number would be wrong one day."""

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
            "1 if the hosts could be counted in time, else 0 and no numbers of hosts.",
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
        "Hosts by status and environment; an empty environment is one not set.",
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


class Pool(Collector):
    """The connections to the database that this process holds."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        pool = db.engine.pool
        if not isinstance(pool, QueuePool):
            return
        family = GaugeMetricFamily(
            "hostadmin_database_connections",
            "Connections of this process to the database.",
            labels=["state"],
        )
        family.add_metric(["in_use"], pool.checkedout())
        family.add_metric(["idle"], pool.checkedin())
        yield family
        yield GaugeMetricFamily(
            "hostadmin_database_connections_kept",
            "Connections that are kept open at most; more are closed after use.",
            value=pool.size(),
        )


def install(app: Flask) -> None:
    metrics = Metrics()
    app.extensions["hostadmin_metrics"] = metrics
    app.extensions["hostadmin_observers"].append(metrics.observe)
    app.register_blueprint(bp)


@bp.get("/metrics")
def metrics() -> Response:
    """Answer with all numbers, in the text format or in OpenMetrics."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    kept: Metrics = current_app.extensions["hostadmin_metrics"]
    return Response(encode(kept.registry), content_type=content_type)
