"""What was signed by one of several servers, whose clock may be ahead of ours."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from ..clock import CLOCKS_DIFFER, utcnow


class Signer(TimestampSigner):
    """Takes what was signed a moment from now for what was signed just now.

    The library takes it for expired, so that a session of one server would be unknown
    to the next.
    """

    def unsign(self, *args: Any, **options: Any) -> Any:
        try:
            return super().unsign(*args, **options)
        except SignatureExpired as error:
            now, signed = utcnow(), error.date_signed
            if signed is None or not now <= signed < now + CLOCKS_DIFFER:
                raise
        return super().unsign(*args, **{**options, "max_age": None})


class Sessions(SecureCookieSessionInterface):
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = Signer
        return serializer
