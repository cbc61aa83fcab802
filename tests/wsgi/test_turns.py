"""Anyone who asks for a lot waits behind those who ask for little."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from hostadmin import history
from hostadmin.wsgi.bridge import most_of_one
from hostadmin.wsgi.threads import Threads

from ..helpers.accounts import add_person, cookie_of
from ..helpers.hosts import add_hosts
from ..helpers.web_server import ask, half_requests, served


class Jobs:
    """Jobs that note when they run, and go on when they are let."""

    def __init__(self, threads):
        self.threads = threads
        self.order = []
        self.free = threading.Semaphore(0)

    def add(self, client, *names):
        for name in names:
            self.threads.submit(lambda name=name: self.run(name), client)

    def run(self, name):
        self.order.append(name)
        self.free.acquire(timeout=10)

    def wait_for(self, count):
        end = time.monotonic() + 5
        while len(self.order) < count and time.monotonic() < end:
            time.sleep(0.005)
        return self.order


def test_who_has_fewest_at_work_comes_first_and_nobody_has_all():
    jobs = Jobs(Threads(3, each=2))
    jobs.add("greedy", *"abcdef")
    assert sorted(jobs.wait_for(2)) == ["a", "b"]
    time.sleep(0.05)
    assert len(jobs.order) == 2, "one thread is left for others"
    assert jobs.threads.waiting == 4
    jobs.add("other", "x", "y")
    assert jobs.wait_for(3)[2] == "x"
    jobs.add("third", "1")
    jobs.free.release()
    assert jobs.wait_for(4)[3] in ("1", "y")
    for _ in range(20):
        jobs.free.release()
    assert sorted(jobs.wait_for(9)) == [*"1abcdefxy"]
    assert [name for name in jobs.order if name in "abcdef"] == [*"abcdef"]


def test_of_any_number_of_threads_one_client_has_not_all():
    assert [most_of_one(n) for n in (1, 2, 3, 4, 8, 16, 256)] == [
        *(1, 2, 2, 2, 3, 6, 96),
    ]


def cookie(app, role):
    return {"Cookie": "=".join(cookie_of(app, add_person(app, role)))}


def test_two_who_hold_all_they_may_stop_no_page_of_a_third(own_app):
    greedy = [cookie(own_app, role) for role in ("viewer", "editor")]
    third = cookie(own_app, "viewer")
    with served(own_app, threads=8) as port, ThreadPoolExecutor(20) as pool:
        held = [
            pool.submit(ask, port, "/held", headers=greedy[n % 2]) for n in range(16)
        ]
        assert own_app.begun.wait(10)
        time.sleep(0.2)
        for path in ("/hosts/", "/stats/"):
            assert ask(port, path, headers=third)[0] == 200
        own_app.release.set()
        assert {answer.result()[1] for answer in held} == {"done"}


def test_exports_that_nobody_takes_hold_nobody_up(own_app, app):
    with app.app_context(), history.writing("tests"):
        add_hosts({"hostname": f"h{n}", "notes": "x" * 20_000} for n in range(500))
    cookie = "=".join(cookie_of(own_app, add_person(own_app, "viewer")))
    third = {"Cookie": "=".join(cookie_of(own_app, add_person(own_app, "viewer")))}
    request = (
        f"GET /export/json HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
    )
    with (
        served(own_app, threads=4) as port,
        half_requests(port, 8, request.encode()),
    ):
        time.sleep(0.3)
        for path in ("/healthz", "/login", "/hosts/"):
            assert ask(port, path, headers=third)[0] in (200, 302), path
