"""How to log in to a host."""

import shlex
from collections.abc import Iterable

from ..errors import InvalidValue
from ..models import Host
from ..validation.values import DEFAULT_PORT, clean_port
from .groups import EffectiveVariable


def ssh_command(host: Host, variables: Iterable[EffectiveVariable]) -> str:
    """Return a command that is safe to paste into a shell.

    User and address are Ansible's where variables name them as plain values; the port
    is the host's own, or else Ansible's.
    """
    named = {variable.name: variable.value for variable in variables}
    target = _plain(named.get("ansible_host")) or host.ip_addr or host.hostname
    port = host.port or _port(named.get("ansible_port"))
    user = _plain(named.get("ansible_user"))
    words = ["ssh"]
    if port and port != DEFAULT_PORT:
        words += ["-p", str(port)]
    if user:
        target = f"{user}@{target}"
    # A name that starts with a dash would be read as an option.
    words += ["--", target] if target.startswith("-") else [target]
    return shlex.join(words)


def _plain(value: object) -> str | None:
    """Return a text on one line that is no template, which only Ansible could fill."""
    if isinstance(value, str) and value.isprintable() and "{{" not in value:
        return value.strip() or None
    return None


def _port(value: object) -> int | None:
    try:
        return clean_port(value)
    except InvalidValue:
        return None
