"""What every page shares: security headers, error pages, templates, health."""

from flask import Flask

from ..config import Settings
from . import (
    clients,
    compression,
    errors,
    health,
    jinja,
    login,
    messages,
    metrics,
    requests,
    security,
    static_files,
    url_prefix,
)


def install(app: Flask, settings: Settings) -> None:
    static_files.install(app)
    # First, so that it gets the answers last, with all their headers.
    compression.install(app)
    security.install(app, settings)
    # Around the fence: what it refuses has an id and a line in the log, too.
    requests.install(app)
    clients.install(app)
    messages.install(app)
    errors.install(app)
    jinja.install(app)
    app.register_blueprint(health.bp)
    metrics.install(app)
    app.register_blueprint(login.bp)
    url_prefix.install(app, settings)
