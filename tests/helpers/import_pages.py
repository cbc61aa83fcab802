"""What the pages of an import say, and what is stored afterwards."""

from hostadmin.models import Host

from .pages import parse


def step(response) -> str:
    return response.request.path.rpartition("/")[2]


def words(response) -> str:
    return " ".join(parse(response).main.get_text(" ").split())


def message(response) -> str:
    found = parse(response).select_one("main .message[role=alert]")
    return " ".join(found.get_text(" ").split()) if found else ""


def numbers(response) -> list[int]:
    return [int(b.text.replace(",", "")) for b in parse(response).select(".numbers b")]


def stored(session) -> dict[str, Host]:
    session.rollback()
    return {host.hostname: host for host in session.query(Host)}
