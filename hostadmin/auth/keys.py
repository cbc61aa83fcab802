"""Keys that a browser or tool shows; the database holds only their hashes."""

import hashlib
import secrets

# Longer than any of ours; what is longer is not even hashed.
MAX_KEY = 128


def new_key() -> str:
    return secrets.token_urlsafe(32)


def hash_of(text: str) -> str:
    """Return what a key is looked up by; it is random, so a quick hash is enough."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
