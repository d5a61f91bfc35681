"""Which hosts models may be asked at. A bundle names one; only the operator lets it.

The operator's list, ``COUNTERMAND_MODEL_HOSTS``, has ``host:port``, with commas between. Such a
host must have a public address. For one inside the own network the operator also says where it
lies, ``scorer.bank.internal:8443=10.20.0.0/16``, so that whoever holds the names cannot lead
requests elsewhere. What a name leads to is looked up for every call, held against this, and then
called by that very address.
"""

import socket
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from threading import Thread

SETTING = "COUNTERMAND_MODEL_HOSTS"

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class HostRefusedError(ValueError):
    """A host that models may not be asked at; says why, and what lets it."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One host and port, and the network it must lie in where that is the operator's own."""

    host: str
    port: int
    network: Network | None

    def admits(self, address: Address) -> bool:
        """Whether a request may go to this address; never to one of this link or of many hosts."""
        plain = _plain(address)
        if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
            return False
        if self.network is None:
            return plain.is_global
        return plain.version == self.network.version and plain in self.network


def allowed_host(host: str, port: int, hosts: str) -> AllowedHost:
    """What the operator's list says of this host and port; HostRefusedError where nothing."""
    for entry in hosts.split(","):
        name, _, network = entry.strip().partition("=")
        if name.lower() == f"{host}:{port}":
            try:
                return AllowedHost(host, port, ip_network(network) if network else None)
            except ValueError:
                msg = f"{SETTING}: {network!r} is no network such as 10.20.0.0/16"
                raise HostRefusedError(msg) from None
    msg = f"{host}:{port} is not among the hosts that models may be asked at: add it to {SETTING}"
    raise HostRefusedError(msg)


def address_of(allowed: AllowedHost, seconds: float) -> str:
    """Where the host lies just now; HostRefusedError where no request may go there.

    OSError where its name leads nowhere.
    """
    found: list[str] = []

    def look_up() -> None:
        """Ask the system, which may take long and cannot be told not to."""
        try:
            told = socket.getaddrinfo(allowed.host, allowed.port, type=socket.SOCK_STREAM)
        except OSError:
            return
        found.extend(str(place[4][0]) for place in told)

    asking = Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(seconds)
    addresses = list(found)
    if not addresses:
        msg = "its name leads nowhere"
        raise OSError(msg)
    for address in addresses:
        if allowed.admits(ip_address(address.partition("%")[0])):
            return address
    msg = f"{allowed.host} does not lie where {SETTING} lets requests go"
    raise HostRefusedError(msg)


def _plain(address: Address) -> Address:
    """The address behind one that wraps another."""
    inside = address.ipv4_mapped or address.sixtofour if isinstance(address, IPv6Address) else None
    return inside or address
