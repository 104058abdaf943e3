"""The demo's accounts stay on this machine, unless someone says otherwise in so many words."""

from __future__ import annotations

from ipaddress import ip_address

from shared.access.users import Users
from shared.errors import SettingsError


async def check(users: Users, *, host: str, exposed: bool) -> None:
    """Refuse to serve demo users on an address that others can reach.

    Raises:
        SettingsError: there are demo users, ``host`` is not a loopback address, and ``exposed`` does not allow it.
        DatabaseUnavailable: it cannot be known now.
    """
    if exposed or is_loopback(host):
        return
    names = await users.demo_names()
    if names:
        sentence = (
            f"HTTP_HOST {host} can be reached from other machines, and the demo users ({', '.join(names)}) can sign "
            "in there: disable them (inquiry-router users disable NAME), serve on 127.0.0.1, or set DEMO_EXPOSED=yes."
        )
        raise SettingsError([sentence])


def is_loopback(host: str) -> bool:
    """Whether ``host`` (an address or ``localhost``) is this machine and reachable from nowhere else."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
