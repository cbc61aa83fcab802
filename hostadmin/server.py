"""Start hostadmin: the schema where asked for, then the server."""

import argparse
import atexit
import contextlib
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NoReturn

import click
from flask import Flask
from flask.helpers import get_debug_flag
from sqlalchemy.exc import SQLAlchemyError
from uvicorn.config import STARTUP_FAILURE

from . import create_app
from .auth import first_account, passwords, shared_key
from .auth.accounts import have_accounts
from .config import DEMO_DATABASE, Settings, load_settings, unknown_settings
from .db import schema
from .db.session import db
from .demo import DEMO_NAME, fill_if_empty, let_in
from .deploy_check import refuse_unfit
from .errors import ConfigError
from .places import COMMAND
from .web import logs
from .wsgi import end_at_once, make_bridge, serve, serve_in_processes
from .wsgi.bridge import Bridge

log = logging.getLogger(__name__)

# Connections that wait for being taken, while all processes are replaced.
BACKLOG = 2048
# What other processes call, by its name.
WORKER = f"{__name__}:make_worker"
NO_ACCOUNTS = "There are no accounts yet."
ADD_ADMIN = f"{COMMAND} accounts add NAME --role admin"
CANNOT_REACH = "Cannot reach the database. Check HOSTADMIN_DATABASE_URI."


def make_app() -> Flask:
    """Build the app for the ``flask`` command; a bad setting ends it in one line.

    Commands run with settings that no server may have, and tell of them.
    """
    command = click.get_current_context(silent=True)
    with _stopping_in_words():
        settings = load_settings()
        if command is None or command.info_name == "run":
            refuse_unfit(settings, debug=get_debug_flag())
        return create_app(settings)


def main(arguments: Sequence[str], program: str = "app.py") -> int:
    """Serve until Ctrl-C or SIGTERM; see ``--help``."""
    options = _parse(arguments, program)
    for line in unknown_settings():
        _tell(f"Warning: {line}")
    with _stopping_in_words():
        _serve(options)
    return 0


@contextlib.contextmanager
def _stopping_in_words() -> Iterator[None]:
    """End the process in one line where the surroundings do not fit."""
    try:
        yield
    except ConfigError as error:
        _stop(str(error))
    except SQLAlchemyError:
        _stop(CANNOT_REACH)
    except OSError as error:
        _stop(f"{error.filename or 'A file'}: {error.strerror}.")


def _parse(arguments: Sequence[str], program: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program, description="Serve hostadmin on HOSTADMIN_BIND."
    )
    parser.add_argument(
        "--prepare",
        action="store_true",
        help="create the schema first, or upgrade an older SQLite file",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="serve a separate database with about 2,000 made-up hosts",
    )
    return parser.parse_args(arguments)


def _serve(options: argparse.Namespace) -> None:
    if options.demo:
        # In the environment, where other processes find it, too.
        os.environ["HOSTADMIN_DATABASE_URI"] = f"sqlite:///{DEMO_DATABASE}"
        os.environ["HOSTADMIN_DATABASE_URI_FILE"] = ""
    settings = load_settings()
    refuse_unfit(settings, debug=get_debug_flag())
    with _listening(settings) as listener:
        app = create_app(settings, commands=False)
        if options.prepare or options.demo:
            for line in schema.prepare(app):
                _tell(line)
        with app.app_context():
            schema.check(db.engine)
            if options.demo and fill_if_empty():
                _tell("Added made-up hosts.")
        logs.set_up()
        with app.app_context():
            _announce(settings, demo=options.demo)
        if settings.workers == 1:
            _settle()
            serve(app, listener, settings.threads)
            return
        with app.app_context():
            # Nothing is left open that the other processes would share.
            db.engine.dispose()
        if not serve_in_processes(WORKER, listener, settings.workers):
            raise ConfigError("A process could not start. See the log.")


def _announce(settings: Settings, *, demo: bool) -> None:
    """Say what is served where, and how to log in where nobody can know that."""
    log.info("hostadmin serves %s on %s", settings.database_name, _address(settings))
    if shared_key.is_another(settings.key()):
        log.warning("%s", shared_key.OTHER_KEY)
    way_in = _way_in(settings, demo=demo)
    if sys.stderr.isatty():
        _tell("Press Ctrl-C to stop.")
    if way_in:
        _tell(way_in) if sys.stderr.isatty() else log.info("%s", way_in)


def _settle() -> None:
    """Never look again at what was loaded: that was a tenth of the CPU of an import."""
    gc.collect()
    gc.freeze()


def make_worker() -> Bridge:
    """Build what one of several processes serves; what is wrong ends them all."""
    logs.set_up()
    try:
        settings = load_settings()
        app = create_app(settings, commands=False)
        with app.app_context():
            schema.check(db.engine)
    except (ConfigError, SQLAlchemyError) as error:
        log.error("%s", error if isinstance(error, ConfigError) else CANNOT_REACH)
        raise SystemExit(STARTUP_FAILURE) from None
    passwords.prepare()
    _settle()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    bridge = make_bridge(app, settings.threads)
    atexit.register(end_at_once, bridge)
    return bridge


def _end_with_parent() -> None:
    """Hold the port no longer than the process that began this one lives."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _way_in(settings: Settings, *, demo: bool) -> str:
    """Return how to log in, where nobody can know that yet; else nothing."""
    passwords.prepare()
    if demo:
        password = let_in()
        return (
            f"Log in as {DEMO_NAME} with the password {password} "
            "(a new one at each start)."
        )
    if settings.is_production and not sys.stderr.isatty():
        # Logs are kept, and read by others: the link opens everything.
        return "" if have_accounts() else f"{NO_ACCOUNTS} In a terminal: {ADD_ADMIN}"
    key = first_account.new_link()
    if key is None:
        return ""
    link = f"{_address_of_pages(settings)}setup/{key}"
    return (
        f"{NO_ACCOUNTS} Create the first one: {link} (works once), or in a terminal: "
        f"{ADD_ADMIN}"
    )


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Take the port before anything slow, so that a taken one is reported at once."""
    host, port = settings.bind_host, settings.bind_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError as error:
            raise ConfigError(
                f"Cannot listen on {settings.bind} ({error.strerror}). Another port: "
                f"HOSTADMIN_BIND={_bracketed(host)}:{port % 65535 + 1}"
            ) from None
        yield listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address(settings: Settings) -> str:
    host = f"{_bracketed(settings.bind_host)}:{settings.bind_port}"
    return f"http://{host}{settings.url_prefix}/"


def _address_of_pages(settings: Settings) -> str:
    """Return where browsers find the pages: cookies may need TLS, which a proxy has."""
    if settings.cookies_are_secure and settings.allowed_hosts:
        return f"https://{settings.allowed_hosts[0]}{settings.url_prefix}/"
    return _address(settings)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _stop(message: str) -> NoReturn:
    _tell(f"hostadmin: {message}")
    raise SystemExit(1)
