#!/usr/bin/env python3
"""Gives Ansible its hosts from hostadmin: ansible -i hostadmin_inventory.py all …

HOSTADMIN_URL    address of the server, such as https://hosts.example.net; where it is
                 not set, `flask hosts export` runs in the clone that this file is in
HOSTADMIN_TOKEN  token for that server; or HOSTADMIN_TOKEN_FILE, a file that holds it
HOSTADMIN_QUERY  which hosts, such as "env:prod -status:retired"; all where not set

It needs nothing but Python, so a copy does. Whatever is no inventory is an error.
"""

import http.client
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NoReturn

TIMEOUT = 60


class RefuseRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect leads to a page to log in, and would take the token elsewhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def main() -> None:
    if sys.argv[1:2] == ["--host"]:
        # Never asked for: the variables come along with the list.
        sys.stdout.write("{}\n")
    elif os.environ.get("HOSTADMIN_URL"):
        server = os.environ["HOSTADMIN_URL"].rstrip("/")
        sys.stdout.write(fetch(server, os.environ.get("HOSTADMIN_QUERY", "")))
    else:
        run_export(os.environ.get("HOSTADMIN_QUERY", ""))


def run_export(query: str) -> NoReturn:
    root = Path(__file__).resolve().parent.parent
    python = root / ".venv" / "bin" / "python"
    if not (root / "app.py").exists():
        fail("HOSTADMIN_URL is not set, and this file is in no clone of hostadmin.")
    os.chdir(root)
    words = ["-m", "flask", "hosts", "export", "--format", "ansible", "--", query]
    chosen = str(python) if python.exists() else sys.executable
    os.execv(chosen, [chosen, *words])  # noqa: S606 - a shell would read the query


def fetch(server: str, query: str) -> str:
    """Return the inventory as the server gives it, after a look at what it is."""
    asked = urllib.parse.urlencode({"q": query})
    address = f"{server}/export/ansible?{asked}"
    if not address.startswith(("http://", "https://")):
        fail("HOSTADMIN_URL begins with neither http:// nor https://.")
    request = urllib.request.Request(  # noqa: S310 - looked at just above
        address, headers={"Accept": "application/json"}
    )
    token = read_token()
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(RefuseRedirect)
    try:
        with opener.open(request, timeout=TIMEOUT) as response:
            text = response.read().decode()
    except urllib.error.HTTPError as error:
        fail(f"{server} answers {error.code} {error.reason}.{said(error)}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        fail(f"{server}: {getattr(error, 'reason', None) or error}.")
    if not is_inventory(text):
        fail(f"{server} answers something that is no inventory of hostadmin.")
    return text


def read_token() -> str:
    path = os.environ.get("HOSTADMIN_TOKEN_FILE")
    if path:
        return Path(path).read_text().strip()
    return os.environ.get("HOSTADMIN_TOKEN", "").strip()


def said(error: urllib.error.HTTPError) -> str:
    """Return the words of an answer in JSON, such as which part of a query is wrong."""
    try:
        found = json.loads(error.read(10_000))
    except ValueError:
        return ""
    words = found.get("error") if isinstance(found, dict) else None
    return f" {words}" if words else ""


def is_inventory(text: str) -> bool:
    try:
        found = json.loads(text)
        return isinstance(found["_meta"]["hostvars"], dict)
    except (ValueError, KeyError, TypeError):
        return False


def fail(message: str) -> NoReturn:
    sys.exit(f"hostadmin: {message}")


if __name__ == "__main__":
    main()
