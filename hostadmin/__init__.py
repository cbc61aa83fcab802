"""hostadmin: the host inventory of people who run machines."""

from flask import Flask

from . import admin, api, permissions, web
from .config import Settings, load_settings
from .db import schema, session
from .history import recorder
from .places import INSTANCE, ROOT
from .web import heavy_requests


def create_app(settings: Settings | None = None, *, commands: bool = True) -> Flask:
    """Build the application. Raises ``ConfigError`` for settings that are nonsense.

    A server is quicker to start, and smaller, without what only commands need.
    """
    settings = settings or load_settings()
    if settings.has_own_database:
        # A fresh clone lacks the folder, and SQLite makes only files.
        INSTANCE.mkdir(parents=True, exist_ok=True)
    app = Flask(
        "hostadmin",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(INSTANCE),
    )
    app.config.update(
        SECRET_KEY=settings.key(),
        SQLALCHEMY_DATABASE_URI=settings.database_uri,
        SQLALCHEMY_ENGINE_OPTIONS=session.engine_options(
            settings.database_uri, settings.threads
        ),
        TESTING=settings.testing,
        # A bug must be seen as one, not as a message on a page that answers 200.
        FLASK_ADMIN_RAISE_ON_VIEW_EXCEPTION=True,
    )
    app.extensions["hostadmin"] = settings
    session.install(app)
    recorder.install()
    schema.install(app)
    web.install(app, settings)
    permissions.install(app)
    heavy_requests.install(app, settings)
    admin.install(app)
    api.install(app)
    if commands:
        from . import cli

        cli.install(app)
    permissions.assert_complete(app)
    return app
