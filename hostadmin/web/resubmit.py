"""What a form held that could not be taken: shown, and sent again when asked for.

It is in the page itself, signed where a page to log in comes between, so that any
process can read it. Passwords are never in it: anyone who types one types it again.
"""

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from flask import current_app, request
from itsdangerous import BadSignature

from ..permissions import identity, may
from ..permissions.policy import Permission, needed
from ..validation.host_fields import HOST_FIELDS
from ..validation.local_path import own_path
from .signatures import Signer

CSRF_FIELD = "csrf_token"
SECRETS = {
    "password": "Password",
    "again": "Repeat password",
    "current": "Current password",
}
# What pages send for themselves, and nobody typed.
NOT_TYPED = frozenset(
    (
        "row_version",
        "digest",
        "shown",
        "does",
        "step",
        "back",
        "ids",
        "all",
        "cursor",
        "q",
        "id",
        "url",
        "number",
    )
)
LABELS = {
    **{field.name: field.label for field in HOST_FIELDS},
    "groups": "Groups",
    "username": "Name",
    "message": "Reason",
}
# Pages to log in, and what is open to everybody.
OPEN = (Permission.OPEN, Permission.LOGIN)
MAX_FIELDS = 200
# Of the signed text: a form to log in may not be much longer.
MAX_KEPT = 48 * 1024
MAX_SECONDS = 24 * 3600


@dataclass(frozen=True)
class SentForm:
    """A form as it was sent to an address, without what must not be in a page."""

    url: str
    endpoint: str
    fields: list[tuple[str, str]]
    secrets: list[str]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """What somebody typed or chose, by the names that pages give it."""
        return [
            (LABELS.get(name, name.replace("_", " ").capitalize()), value)
            for name, value in self.fields
            if value.strip() and name not in NOT_TYPED
        ]

    @property
    def does(self) -> str:
        """What the button said that sent it, where that names what is written."""
        return dict(self.fields).get("does", "")

    @property
    def deletes(self) -> bool:
        return self.does.startswith("Delete ")

    @property
    def asked_again(self) -> list[tuple[str, str]]:
        return [(name, SECRETS[name]) for name in self.secrets]


def is_own() -> bool:
    """Whether a page of ours sent the form.

    One of another site must not be able to fill in a form that then needs but one
    click. An origin that is not ours did not get this far.
    """
    return "Origin" in request.headers or (
        request.headers.get("Sec-Fetch-Site") == "same-origin"
    )


def sent_form() -> SentForm | None:
    """Return the form of this request, None where it cannot be sent again."""
    if not _may_be_kept():
        return None
    url = own_path(request.script_root + request.full_path.rstrip("?"))
    if not url or request.files or len(request.form) > MAX_FIELDS:
        return None
    sent = list(request.form.items(multi=True))
    return SentForm(
        url,
        request.endpoint or "",
        [pair for pair in sent if pair[0] not in (CSRF_FIELD, *SECRETS)],
        [name for name, value in sent if name in SECRETS and value],
    )


def _may_be_kept() -> bool:
    is_post = request.method == "POST" and is_own()
    return is_post and needed(request.endpoint, "POST") not in OPEN


def allowed_form() -> SentForm | None:
    """Return the form of this request, if who asks may send it."""
    form = sent_form()
    if form is None or identity() is None or not may(form.endpoint, "POST"):
        return None
    return form


# ---- over the page to log in


def packed(form: SentForm) -> str:
    """Return the form as a signed text; nothing where it is too long to be kept."""
    parts = [form.url, form.endpoint, form.fields, form.secrets]
    text = urlsafe_b64encode(zlib.compress(json.dumps(parts).encode())).decode()
    return _signer().sign(text).decode() if len(text) <= MAX_KEPT else ""


def unpacked(text: str) -> SentForm | None:
    """Return the form that such a text holds, if it is ours and not old."""
    try:
        known = _signer().unsign(text, max_age=MAX_SECONDS)
    except BadSignature:
        return None
    url, endpoint, fields, secrets = json.loads(
        zlib.decompress(urlsafe_b64decode(known))
    )
    return SentForm(url, endpoint, [(name, value) for name, value in fields], secrets)


def _signer() -> Signer:
    return Signer(current_app.secret_key or "", salt="resubmit")
