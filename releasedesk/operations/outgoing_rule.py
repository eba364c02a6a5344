"""Whom the desk may call: names that are listed, and addresses that are public or lie in a listed network.

Both are asked: the name before it is resolved, the address before it is connected to. A listed name that
turns out to mean the machine itself, the network it stands in or a cloud's metadata leads nowhere unless that
network is listed as well. Pure and without Django.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

ANY = "*"
_NAME = re.compile(
    r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_IPV4_IN_IPV6 = IPv6Network("64:ff9b::/96")  # how a network without IPv4 writes the addresses of one with


@dataclass(frozen=True, slots=True)
class Allowed:
    """The allow-list. Empty: the desk calls nobody."""

    names: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def read(cls, words: Iterable[str]) -> Allowed:
        """Read `example.com`, `*.example.com`, `*`, `10.0.0.0/8`. Raises ValueError with the wrong word."""
        names, networks = [], []
        for word in words:
            if network := _network(word):
                networks.append(network)
            elif word == ANY or _NAME.fullmatch(word.lower()):
                names.append(word.lower())
            else:
                raise ValueError(word)
        return cls(tuple(names), tuple(networks))

    def may_name(self, host: str) -> bool:
        """Whether a URL may name this host: a listed name, a name below a listed `*.`, or an address."""
        if (literal := address_of(host)) is not None:
            return self._is_listed(literal) or (ANY in self.names and is_public(literal))
        host = host.lower().rstrip(".")
        return any(
            name in (ANY, host) or (name.startswith("*.") and host.endswith(name[1:])) for name in self.names
        )

    def may_reach(self, address: Address) -> bool:
        """Whether a connection to this address may be opened, whatever name led to it."""
        return is_public(address) or self._is_listed(address)

    def _is_listed(self, address: Address) -> bool:
        plain = _unwrapped(address)
        return any(plain in network for network in self.networks)


def address_of(host: str) -> Address | None:
    """The address that is written out in a URL's host; None for a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could be reached there: no machine, network or metadata of our own."""
    plain = _unwrapped(address)
    site_local = isinstance(plain, IPv6Address) and plain.is_site_local
    return plain.is_global and not plain.is_multicast and not site_local


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only carries: a tunnel leads where its end is."""
    if isinstance(address, IPv4Address):
        return address
    if address in _IPV4_IN_IPV6:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


def _network(word: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(word)
    except ValueError:
        return None
