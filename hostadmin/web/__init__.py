"""What every page shares: security headers, error pages, templates, health."""

from flask import Flask

from ..config import Settings
from . import errors, health, jinja, security


def install(app: Flask, settings: Settings) -> None:
    security.install(app, settings)
    errors.install(app)
    jinja.install(app)
    app.register_blueprint(health.bp)
