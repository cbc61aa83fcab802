"""Anyone who is slow, silent or greedy is in nobody else's way."""

import contextlib
import json
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from hostadmin.web.logs import AsJson
from hostadmin.wsgi import bridge, connections, response

from ..helpers.accounts import add_person, cookie_of
from ..helpers.web_server import ask, half_requests, served


def is_closed(sock):
    sock.settimeout(5)
    try:
        return sock.recv(1000) == b""
    except ConnectionResetError:
        return True


def test_half_requests_hold_nobody_up(own_app, monkeypatch):
    monkeypatch.setattr(connections, "MAX_SILENT", 50)
    with served(own_app, threads=1) as port, half_requests(port, 120) as sockets:
        assert ask(port, "/login")[0] == 200
        assert is_closed(sockets[0])
        # Those that came last still have their time.
        sockets[-1].sendall(b"x\r\nConnection: close\r\n\r\n")
        assert sockets[-1].recv(1000).startswith(b"HTTP/1.1 302")


def test_headers_have_a_deadline(own_app, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    with served(own_app) as port, half_requests(port, 3) as sockets:
        assert all(map(is_closed, sockets))


def test_slow_bodies_hold_no_thread_and_have_a_deadline(own_app, monkeypatch):
    monkeypatch.setattr(bridge, "BODY_SECONDS", 2)
    head = (
        b"POST /hosts/new/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx"
    )
    with served(own_app, threads=1) as port, half_requests(port, 5, head) as sockets:
        assert ask(port, "/hosts/")[0] == 302
        sockets[0].settimeout(10)
        assert sockets[0].recv(1000).startswith(b"HTTP/1.1 408 ")


def test_however_busy_the_pages_are_people_log_in(own_app):
    with served(own_app, threads=1) as port, ThreadPoolExecutor() as pool:
        answers = [pool.submit(ask, port, "/held") for _ in range(3)]
        time.sleep(0.2)
        for path in ("/healthz", "/readyz", "/login", "/static/app.css"):
            assert ask(port, path)[0] in (200, 404), path
        own_app.release.set()
        assert [answer.result()[1] for answer in answers] == ["done"] * 3


def test_the_wait_for_a_thread_is_shown(own_app, caplog):
    caplog.set_level(logging.INFO, logger="hostadmin.access")
    with served(own_app, threads=1) as port, ThreadPoolExecutor() as pool:
        answers = [pool.submit(ask, port, "/held") for _ in range(2)]
        time.sleep(1.2)
        own_app.release.set()
        assert [answer.result()[1] for answer in answers] == ["done"] * 2
    lines = [json.loads(AsJson().format(record)) for record in caplog.records]
    waited = [line for line in lines if line.get("queue_ms", 0) > 1000]

    assert [(line["path"], line["level"]) for line in waited] == [("/held", "warning")]
    assert waited[0]["ms"] >= waited[0]["queue_ms"]


def test_a_full_queue_says_come_again(own_app, monkeypatch):
    monkeypatch.setattr(bridge, "MAX_QUEUE", 1)
    with served(own_app, threads=1) as port, ThreadPoolExecutor() as pool:
        answers = [pool.submit(ask, port, "/held")]
        assert own_app.begun.wait(10)
        answers.append(pool.submit(ask, port, "/held"))
        time.sleep(0.5)
        assert ask(port, "/held")[0] == 503
        own_app.release.set()
        assert [answer.result()[0] for answer in answers] == [200, 200]


def test_who_takes_nothing_of_an_answer_gives_its_thread_back(own_app, monkeypatch):
    monkeypatch.setattr(response, "SEND_SECONDS", 0.5)
    with (
        served(own_app, threads=1) as port,
        half_requests(port, 1, b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ):
        assert own_app.closed.wait(10)
        assert ask(port, "/hosts/")[0] == 302


def test_who_takes_an_answer_drop_by_drop_is_let_go(own_app, monkeypatch):
    monkeypatch.setattr(response, "SEND_SECONDS", 0.5)
    monkeypatch.setattr(response, "SEND_SPEED", 1024**3)
    with served(own_app, threads=1) as port:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
            end = time.monotonic() + 10
            while not own_app.closed.wait(0.05) and time.monotonic() < end:
                sock.recv(65536)
        assert own_app.closed.is_set()
        assert ask(port, "/hosts/")[0] == 302


def test_who_leaves_in_the_middle_of_an_answer_ends_it(own_app):
    with served(own_app, threads=1) as port:
        with half_requests(
            port, 1, b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ) as sockets:
            sockets[0].recv(100_000)
        assert own_app.closed.wait(10)


# ---- sizes

LARGE = b"x=" + b"y" * 1_000_000
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def chunked(data):
    return iter([data[n : n + 50_000] for n in range(0, len(data), 50_000)])


@pytest.mark.parametrize("body", [LARGE, chunked(LARGE)])
def test_strangers_send_no_more_than_a_form_to_log_in(own_app, body):
    with served(own_app) as port:
        assert ask(port, "/login", "POST", body, FORM)[0] == 413


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/hosts/new/", 1_000_000, 400),
        ("/hosts/new/", 3_000_000, 413),
        ("/hosts/paste/", 3_000_000, 400),
        ("/hosts/paste/", 9_000_000, 413),
    ],
)
@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_is_taken_up_to_the_limit_of_its_page(
    own_app, path, size, status, in_pieces
):
    name, value = cookie_of(own_app, add_person(own_app, "admin"))
    data = b"x=" + b"y" * size
    with served(own_app) as port:
        headers = {**FORM, "Cookie": f"{name}={value}"}
        body = chunked(data) if in_pieces else data
        # Without the token of a form, what is not too large is refused for that.
        assert ask(port, path, "POST", body, headers)[0] == status


def test_headers_of_any_length_are_no_way_to_fill_the_memory(own_app):
    with served(own_app) as port, half_requests(port, 1) as sockets:
        with contextlib.suppress(ConnectionError):
            sockets[0].sendall(b"x" * 1_000_000)
        with contextlib.suppress(ConnectionError):
            assert sockets[0].recv(1000).startswith(b"HTTP/1.1 400 ")
        assert ask(port, "/login")[0] == 200


def test_no_body_waits_until_its_headers_are_confirmed(own_app):
    with served(own_app) as port, half_requests(port, 1):
        # It has been taken by now.
        assert ask(port, "/healthz")[0] == 200
        waiting = next(iter(connections.Connection.silent))
        accepted = waiting.transport.get_extra_info("socket")

        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
