#!/usr/bin/env python3
"""Gives Ansible its hosts from hostadmin: ansible -i hostadmin_inventory.py all …

HOSTADMIN_URL    address of the server, such as https://hosts.example.net; without it,
                 `flask hosts export` runs in the clone that this file is in
HOSTADMIN_TOKEN  token for that server; or HOSTADMIN_TOKEN_FILE, a file that holds it
HOSTADMIN_QUERY  query of the hosts, such as "env:prod -status:retired"; default: all
HOSTADMIN_CACHE  folder for the last responses (~/.cache/hostadmin); - for no cache
HOSTADMIN_CACHE_HOURS  maximum age of a cached response (168)

While the server is unreachable, the script uses the last response and prints its age.
It needs only Python, so you can copy this file. A response that is not an inventory is
an error.
"""

import contextlib
import gzip
import hashlib
import http.client
import json
import os
import sys
import tempfile
import time
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
        fail("HOSTADMIN_URL is not set, and this file is not in a hostadmin clone.")
    os.chdir(root)
    words = ["-m", "flask", "hosts", "export", "--format", "ansible", "--", query]
    chosen = str(python) if python.exists() else sys.executable
    os.execv(chosen, [chosen, *words])  # noqa: S606 - a shell would read the query


def fetch(server: str, query: str) -> str:
    """Return the inventory as the server gives it, after a look at what it is."""
    asked = urllib.parse.urlencode({"q": query})
    address = f"{server}/export/ansible?{asked}"
    if not address.startswith(("http://", "https://")):
        fail("HOSTADMIN_URL must start with http:// or https://.")
    token = read_token()
    kept = Kept(address, token)
    try:
        text, tag = ask(address, token, kept.tag)
    except urllib.error.HTTPError as error:
        if error.code == 304:
            kept.note_seen()
            return kept.text
        reason = f"{server} responded {error.code} {error.reason}.{said(error)}"
        return kept.instead(reason) if error.code >= 500 else fail(reason)
    except (OSError, ValueError, EOFError, http.client.HTTPException) as error:
        return kept.instead(f"{server}: {getattr(error, 'reason', None) or error}.")
    if not is_inventory(text):
        fail(f"{server} did not respond with a hostadmin inventory.")
    kept.keep(text, tag)
    return text


def ask(address: str, token: str, tag: str) -> tuple[str, str]:
    """Return the answer and its ETag; without a change since ``tag``, 304 is raised."""
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if tag:
        headers["If-None-Match"] = tag
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - looked at
    opener = urllib.request.build_opener(RefuseRedirect)
    with opener.open(request, timeout=TIMEOUT) as response:
        data = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return data.decode(), response.headers.get("ETag") or ""


class Kept:
    """The last answer to one question with one token, in a file that only we read."""

    def __init__(self, address: str, token: str) -> None:
        self.path = None
        self.text = self.tag = ""
        folder = os.environ.get("HOSTADMIN_CACHE") or "~/.cache/hostadmin"
        if folder == "-":
            return
        # Anyone who has another token may see other hosts.
        name = hashlib.sha256(f"{address} {token}".encode()).hexdigest()
        self.path = Path(folder).expanduser() / f"{name}.json"
        try:
            self.tag, _, self.text = self.path.read_text().partition("\n")
        except (OSError, ValueError):
            return
        if not is_inventory(self.text):
            self.text = self.tag = ""

    def keep(self, text: str, tag: str) -> None:
        """Write the answer, whole or not at all; no answer fails because of it."""
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self.path.parent)
            with open(handle, "w") as file:
                file.write(f"{tag}\n{text}")
            os.replace(draft, self.path)
        except OSError as error:
            sys.stderr.write(f"hostadmin: the response was not cached: {error}\n")

    def note_seen(self) -> None:
        """Note that the server said just now that this is still its answer."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                os.utime(self.path)

    def instead(self, reason: str) -> str:
        """Return what is kept in place of an answer, and say so; or fail."""
        if self.path is None or not self.text:
            fail(reason)
        hours = (time.time() - self.path.stat().st_mtime) / 3600
        most = float(os.environ.get("HOSTADMIN_CACHE_HOURS") or 168)
        age = f"{hours:.0f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
        if hours > most:
            fail(f"{reason} The last response is {age} old, over {most:g} hours.")
        sys.stderr.write(f"hostadmin: {reason} Using a response from {age} ago.\n")
        return self.text


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
    words = found.get("detail") if isinstance(found, dict) else None
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
