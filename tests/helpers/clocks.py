"""Several servers in one process, each with a clock of its own."""

import time
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace

import itsdangerous.timed
import pytest
from flask import Flask, current_app, has_app_context

from hostadmin import clock

AHEAD = "TESTS_AHEAD"


def set_clock(app: Flask, ahead: float) -> None:
    """Let the clock of an app be ahead by so many seconds, once ``watched``."""
    app.config[AHEAD] = ahead


def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let anyone who asks for the time get that of the app which is at work."""

    def ahead() -> float:
        return current_app.config.get(AHEAD, 0) if has_app_context() else 0

    real = clock.datetime

    def now(zone: tzinfo) -> datetime:
        return real.now(zone) + timedelta(seconds=ahead())

    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=now))
    signing = SimpleNamespace(time=lambda: time.time() + ahead())
    monkeypatch.setattr(itsdangerous.timed, "time", signing)
