"""Other programs that make admin pages, as they come, on the table of hosts.

``python -m tests.bench.peer_apps NAME FILE`` prints JSON, page → CPU ms, in an
environment that has that program, and not what hostadmin needs: see peers.py.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from .timing import cpu_ms

COLUMNS = (
    *("hostname", "ip_addr", "status", "environment", "os", "location"),
    *("owner", "updated_at"),
)
Call = Callable[[], object]
# Django looks for it here.
urlpatterns: list[Any] = []


def table() -> type:
    import sqlalchemy as sa
    from sqlalchemy import orm

    class Base(orm.DeclarativeBase):
        pass

    class Host(Base):
        __tablename__ = "hosts"
        id = sa.Column(sa.Integer, primary_key=True)
        hostname = sa.Column(sa.String)
        ip_addr = sa.Column(sa.String)
        status = sa.Column(sa.String)
        environment = sa.Column(sa.String)
        os = sa.Column(sa.String)
        location = sa.Column(sa.String)
        owner = sa.Column(sa.String)
        updated_at = sa.Column(sa.String)

    return Host


def asking(app: Any, url: str) -> Call:
    """Return what asks an ASGI application for a page."""
    loop = asyncio.new_event_loop()
    body = b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal body
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        body += message.get("body", b"")

    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
    }

    def ask() -> None:
        nonlocal body
        body = b""
        loop.run_until_complete(app(dict(scope), receive, send))
        assert len(body) > 1_000, body

    return ask


def starlette_admin(file: str) -> Iterator[tuple[str, Call]]:
    import sqlalchemy as sa
    from starlette.applications import Starlette
    from starlette_admin.contrib.sqla import Admin, ModelView

    host = table()

    class View(ModelView):
        fields = ("id", *COLUMNS)
        # It filters by nothing else.
        searchable_fields = ("hostname", "environment")
        page_size = 50

    app = Starlette()
    admin = Admin(sa.create_engine(f"sqlite:///{file}"))
    admin.add_view(View(host, key="host"))
    admin.mount_to(app)
    for name, query in {
        "list": "sort=hostname__asc",
        "sorted by address": "sort=ip_addr__desc",
        "one filter": f"sort=hostname__asc&filter={quote('environment__eq=prod')}",
        "a part of a name": "sort=hostname__asc&q=web-12",
        "a part that no name has": "sort=hostname__asc&q=nosuchthing",
    }.items():
        yield name, asking(app, f"/admin/host/list?{query}")


def sqladmin(file: str) -> Iterator[tuple[str, Call]]:
    import sqlalchemy as sa
    from sqladmin import Admin, ModelView
    from sqladmin.filters import StaticValuesFilter
    from starlette.applications import Starlette

    host: Any = table()
    prod = StaticValuesFilter(host.environment, values=[("prod", "prod")])

    class View(ModelView, model=host):
        column_list = COLUMNS
        column_searchable_list = ("hostname",)
        column_sortable_list = COLUMNS
        column_filters = (prod,)
        page_size = 50

    app = Starlette()
    Admin(app, sa.create_engine(f"sqlite:///{file}")).add_view(View)
    start = "/admin/host/list?page=1&pageSize=50"
    for name, more in {
        "list": "&sortBy=hostname&sort=asc",
        "sorted by address": "&sortBy=ip_addr&sort=desc",
        "one filter": f"&{prod.parameter_name}=prod",
        "a part of a name": "&search=web-12",
        "a part that no name has": "&search=nosuchthing",
    }.items():
        yield name, asking(app, start + more)


def django_admin(file: str) -> Iterator[tuple[str, Call]]:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="x",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file}},
        INSTALLED_APPS=[
            *("django.contrib.admin", "django.contrib.auth"),
            *("django.contrib.contenttypes", "django.contrib.messages"),
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
            }
        ],
        STATIC_URL="/static/",
        ROOT_URLCONF=__name__,
        USE_TZ=False,
    )
    django.setup()
    from django.contrib import admin
    from django.db import models
    from django.test import RequestFactory
    from django.urls import path

    class Host(models.Model):
        hostname = models.TextField()
        ip_addr = models.TextField()
        status = models.TextField()
        environment = models.TextField()
        os = models.TextField()
        location = models.TextField()
        owner = models.TextField()
        updated_at = models.TextField()

        class Meta:
            app_label = "auth"
            managed = False
            db_table = "hosts"

    class View(admin.ModelAdmin):
        list_display = COLUMNS
        search_fields = ("hostname",)
        list_filter = ("environment",)
        list_per_page = 50
        ordering = ("hostname",)

    admin.site.register(Host, View)
    urlpatterns.append(path("admin/", admin.site.urls))
    view = admin.site.get_model_admin(Host)
    everybody = SimpleNamespace(
        is_active=True,
        is_staff=True,
        is_authenticated=True,
        has_usable_password=lambda: False,
        has_perm=lambda *_: True,
        has_module_perms=lambda *_: True,
        get_username=lambda: "tests",
        get_short_name=lambda: "tests",
        pk=1,
    )

    def showing(query: str) -> Call:
        def show() -> None:
            request = RequestFactory().get(f"/admin/auth/host/?{query}")
            request.user = everybody
            answer = view.changelist_view(request).render()
            assert answer.status_code == 200
            assert len(answer.content) > 1_000

        return show

    yield "list", showing("")
    yield "sorted by address", showing("o=-2")
    yield "one filter", showing("environment__exact=prod")
    yield "a part of a name", showing("q=web-12")
    yield "a part that no name has", showing("q=nosuchthing")


APPS = {
    "starlette-admin": starlette_admin,
    "SQLAdmin": sqladmin,
    "Django admin": django_admin,
}


if __name__ == "__main__":
    calls = APPS[sys.argv[1]](sys.argv[2])
    json.dump({name: cpu_ms(call) for name, call in calls}, sys.stdout)
