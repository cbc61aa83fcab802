"""The API for programs: the same functions as pages and commands, as JSON.

Anyone who asks shows a token, and nothing else opens it. OpenAPI is made of the routes
and of the models of what is sent and answered.
"""

from flask import Flask

from . import (
    changes,
    counts,
    groups,
    hosts,
    import_plans,
    inventory_vars,
    openapi,
    plans,
    saved_views,
)
from .blueprint import NameConverter, bp

__all__ = ["install"]

# What adds its routes to the blueprint when it is imported.
ROOMS = (
    *(hosts, groups, inventory_vars, counts, saved_views, changes),
    *(plans, import_plans, openapi),
)


def install(app: Flask) -> None:
    app.url_map.converters[NameConverter.called] = NameConverter
    app.register_blueprint(bp)
    # What a page shows of the API, without knowing its room.
    app.extensions["hostadmin_api"] = (openapi.description, openapi.PROBLEMS)
    app.config["BODY_LIMITS"][import_plans.ENDPOINT] = import_plans.MAX_FILE
