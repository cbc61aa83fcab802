"""What a form held that came without a good token: shown, to be sent again."""

from flask import request

from ..permissions import identity, may

CSRF_FIELD = "csrf_token"
# Never put into a page; whoever types one types it again.
SECRETS = frozenset({"password", "again", "current"})
MAX_FIELDS = 200


def fields() -> list[tuple[str, str]]:
    """Return the fields of the form, if our own page sent it and nobody else's.

    A page of another site must not be able to fill in a form of ours that then needs
    but one click. It is empty where nothing can be sent again.
    """
    ours = "Origin" in request.headers or (
        request.headers.get("Sec-Fetch-Site") == "same-origin"
    )
    # An origin that is not ours did not get this far.
    if not ours or identity() is None or not may(request.endpoint or "", "POST"):
        return []
    found = [pair for pair in request.form.items(multi=True) if pair[0] != CSRF_FIELD]
    names = {name for name, _ in found}
    if request.files or len(found) > MAX_FIELDS or names & SECRETS:
        return []
    return found
