"""Clients that write and read while a database goes away and comes back."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hostadmin.db.session import db
from hostadmin.models import ChangeEntry
from hostadmin.web.errors import SAVED_TITLE, UNKNOWN_TITLE

from .accounts import log_in
from .pages import csrf, fields_of, parse

TITLES_503 = ("Not available right now", SAVED_TITLE, UNKNOWN_TITLE)
LEAKS = ("psycopg", "pymysql", "sqlite", "INSERT", "Traceback", "127.0.0.1:")


def is_unavailable(response: TestResponse) -> bool:
    """Check a 503: it says so in words, and when to come again."""
    if response.status_code != 503:
        return False
    assert response.headers["Retry-After"].isdigit()
    page = parse(response)
    assert page.main.h1.text in TITLES_503
    assert response.headers["X-Request-ID"] in page.main.text
    for leak in LEAKS:
        assert leak not in response.text
    return True


def add(client: FlaskClient, token: str, name: str) -> TestResponse:
    return client.post("/hosts/new/", data={"hostname": name, "csrf_token": token})


@dataclass
class Answers:
    """What the clients were shown, by what they wrote."""

    saved: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    read: list[int] = field(default_factory=list)
    # In seconds: a request, and all of them since one was saved.
    longest: float = 0
    longest_wait: float = 0
    last_saved: float = 0

    def note(
        self, ask: Callable[[], TestResponse], name: str | None = None
    ) -> TestResponse:
        """Ask for something; of a write, the name says what."""
        begun = time.monotonic()
        response = ask()
        self.longest = max(self.longest, time.monotonic() - begun)
        if name is None:
            self.read.append(response.status_code)
        elif response.status_code == 302 or SAVED_TITLE in response.text:
            self.saved.add(name)
            self._note_time()
        elif UNKNOWN_TITLE in response.text:
            self.unknown.add(name)
        else:
            self.refused.add(name)
        if response.status_code >= 400:
            # Somebody who is refused does not ask a hundred times a second.
            time.sleep(0.05)
            assert is_unavailable(response), f"{response.status}: {response.text}"
        return response

    def _note_time(self) -> None:
        now = time.monotonic()
        self.longest_wait = max(self.longest_wait, now - (self.last_saved or now))
        self.last_saved = now


class Load:
    """Clients that add hosts, edit one, and look at them, until they are stopped."""

    def __init__(
        self, app: Flask, *, writers: int = 3, editors: int = 0, readers: int = 2
    ) -> None:
        self.app = app
        self.answers = Answers()
        self.faults: list[BaseException] = []
        self._stop = threading.Event()
        client = log_in(app.test_client())
        self._token = csrf(client, "/hosts/new/")
        self._cookie = client.get_cookie("hostadmin").value
        jobs = [self._adding(f"w{number}") for number in range(writers)]
        jobs += [self._editing(client, f"e{number}") for number in range(editors)]
        jobs += [lambda client, _count: self._ask(client)] * readers
        self.threads = [
            threading.Thread(target=self._repeat, args=(job,)) for job in jobs
        ]
        for thread in self.threads:
            thread.start()

    def _ask(self, client: FlaskClient, url: str = "/hosts/") -> TestResponse:
        return self.answers.note(lambda: client.get(url))

    def _adding(self, name: str) -> Callable[[FlaskClient, int], object]:
        def job(client: FlaskClient, count: int) -> None:
            full = f"{name}-{count}"
            self.answers.note(lambda: add(client, self._token, full), full)

        return job

    def _editing(
        self, client: FlaskClient, name: str
    ) -> Callable[[FlaskClient, int], object]:
        place = add(client, self._token, name).headers["Location"]
        self.answers.saved.add(name)
        url = place.replace("/details/", "/edit/")

        def job(client: FlaskClient, count: int) -> None:
            page = self._ask(client, url)
            if page.status_code == 200:
                value = f"{name}={count}"
                form = fields_of(page) | {"owner": value}
                self.answers.note(lambda: client.post(url, data=form), value)

        return job

    def _repeat(self, job: Callable[[FlaskClient, int], object]) -> None:
        client = self.app.test_client()
        client.set_cookie("hostadmin", self._cookie)
        try:
            for count in itertools.count():
                if self._stop.is_set():
                    return
                job(client, count)
        except BaseException as error:
            self.faults.append(error)

    def wait_for(self, what: Callable[[Answers], object]) -> None:
        end = time.monotonic() + 60
        while not what(self.answers) and not self.faults and time.monotonic() < end:
            time.sleep(0.02)

    def wait_for_more(self, count: int) -> None:
        """Wait until so many more are saved."""
        known = len(self.answers.saved)
        self.wait_for(lambda answers: len(answers.saved) >= known + count)
        assert self.faults or len(self.answers.saved) >= known + count

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def stop(self) -> Answers:
        self._stop.set()
        for thread in self.threads:
            thread.join(60)
        assert self.faults == []
        return self.answers


def written(app: Flask) -> Counter[str]:
    """Return what the history says was written: how often each host and owner."""
    with app.app_context():
        entries = db.session.scalars(
            sa.select(ChangeEntry).where(ChangeEntry.subject == "host")
        ).all()
        return Counter(
            entry.changes["owner"][1]
            if "owner" in entry.changes
            else entry.subject_name
            for entry in entries
        )
