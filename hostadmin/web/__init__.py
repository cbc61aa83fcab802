"""What every page shares: security headers, error pages, templates, health."""

from flask import Flask

from ..config import Settings
from . import errors, health, jinja, login, metrics, requests, security


def install(app: Flask, settings: Settings) -> None:
    security.install(app, settings)
    # Around the fence: what it refuses has an id and a line in the log, too.
    requests.install(app)
    errors.install(app)
    jinja.install(app)
    app.register_blueprint(health.bp)
    metrics.install(app)
    app.register_blueprint(login.bp)
