"""Messages of one page for the next: they wait in the session, which is a cookie."""

from typing import Any

from flask import Flask, message_flashed, session

# Of a client that sends forms and never opens a page they would pile up. Browsers drop
# cookies of over 4 KB without a word, and with them whatever else the session learned.
MOST = 5


def install(app: Flask) -> None:
    """Let only the newest messages wait."""
    message_flashed.connect(_keep_newest, app)


def _keep_newest(_app: Flask, **_message: Any) -> None:
    session["_flashes"] = session["_flashes"][-MOST:]
