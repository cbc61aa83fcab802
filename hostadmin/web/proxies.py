"""Who asks, and through what: headers of proxies count only from those we trust."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flask import request

from ..config import Network

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Nobody reads these behind us, so that no forged one is ever believed or reflected.
PREFIXES = ("HTTP_X_FORWARDED", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
# More than any chain of proxies adds.
MAX_HOPS = 32

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address() -> str:
    """Return the address of the client, as far as trusted proxies know it.

    What counts tries or writes logs must use this. It is empty where the server was
    reached without a network.
    """
    return request.remote_addr or ""


class TrustedProxies:
    """Take client, scheme and host from the headers of trusted proxies, then drop them.

    Werkzeug's ProxyFix believes anyone who connects, and counts hops instead of looking
    at who they were.
    """

    def __init__(self, app: "WSGIApplication", trusted: Sequence[Network]) -> None:
        self.app = app
        self.trusted = trusted

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        peer = _address(str(environ.get("REMOTE_ADDR", "")))
        if peer is not None:
            if self._trusts(peer):
                self._believe(environ, peer)
            else:
                environ["REMOTE_ADDR"] = str(peer)
        for name in [name for name in environ if name.startswith(PREFIXES)]:
            del environ[name]
        return self.app(environ, start_response)

    def _believe(self, environ: "WSGIEnvironment", peer: Address) -> None:
        hops = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")[-MAX_HOPS:]
        environ["REMOTE_ADDR"] = str(self._client(hops, peer))
        scheme = _last(environ.get("HTTP_X_FORWARDED_PROTO"))
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        if host := _last(environ.get("HTTP_X_FORWARDED_HOST")):
            # The list of allowed hosts looks at it like at any other.
            environ["HTTP_HOST"] = host

    def _client(self, hops: Sequence[str], peer: Address) -> Address:
        """Return the last address that is none of our proxies.

        What is before it may have been made up by the client.
        """
        client = peer
        for hop in reversed(hops):
            if not self._trusts(client):
                break
            before = _address(hop.strip())
            if before is None:
                break
            client = before
        return client

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)


def _last(value: object) -> str:
    """Return what the nearest proxy said, if there were several."""
    return str(value or "").rpartition(",")[2].strip()


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        # A socket of both families shows an IPv4 peer like this.
        return address.ipv4_mapped
    return address
