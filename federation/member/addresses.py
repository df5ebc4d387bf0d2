"""Where a member cluster is, and which addresses are ever called.

In: the `server` of a kubeconfig. Out: an Endpoint, and the addresses its name stands for now, each
checked. The name is looked up here, the addresses found are judged here, and exactly these are
connected to (sockets.py), so a name that changes its answer after the check gains nothing
(security.md S-31). Cloud metadata, link-local, multicast and reserved addresses are refused
whatever the operator allows.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
from dataclasses import dataclass

from federation.member.errors import AccessInvalid, AddressNotAllowed, ClusterUnreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SERVER = re.compile(
    r"(?i:https)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~:@!$&'()*+,;=-]*)*)"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What inet_aton takes for (a part of) an IPv4 address: 2130706433, 0177.0.0.1, 0x7f.1.
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")

# Metadata services that live outside the link-local ranges; each hands out credentials.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure WireServer
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS over IPv6
        "fd20:ce::254",  # Google Cloud over IPv6
    )
)
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server URL taken apart; host is lower case, path is "" or starts with a slash."""

    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str, *, field: str = "server") -> Endpoint:
        """Read an https URL.

        Raises: AccessInvalid naming the field.
        """
        match = _SERVER.fullmatch(text)
        if match is None:
            raise AccessInvalid(field, "want https://host[:port][/path] and nothing else")
        port = int(match["port"] or 443)
        if not 0 < port < 65536:
            raise AccessInvalid(field, "the port is not between 1 and 65535")
        path = match["path"].rstrip("/")
        if any(segment in ("", ".", "..") for segment in path.split("/")[1:]):
            raise AccessInvalid(field, "the path has an empty, '.' or '..' part")
        return cls(host=check_host(match["host"], field=field), port=port, path=path)

    @property
    def literal(self) -> Address | None:
        """The address, when the host is one and not a name."""
        return _literal(self.host)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPolicy:
    """Which addresses may be called; `refused` are networks of the hub's own services."""

    allow_loopback: bool = False
    allow_private: bool = False
    refused: tuple[str, ...] = ()

    def objection(self, address: Address) -> str:
        """Say what kind of address is refused, or "" if it may be called."""
        if isinstance(address, ipaddress.IPv6Address):
            if address in _NAT64:
                return self.objection(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
            if _is_transitional(address):
                return "an IPv6 transition"
        if address in _METADATA or address.is_link_local:
            return "a link-local or metadata"
        if address.is_multicast:
            return "a multicast"
        if address.is_unspecified or address in _THIS_NETWORK:
            return "an unspecified"
        if any(address in ipaddress.ip_network(one, strict=False) for one in self.refused):
            return "a reserved service"
        if address.is_loopback:
            return "" if self.allow_loopback else "a loopback"
        if address.is_reserved:
            return "a reserved"
        if not address.is_global or _is_site_local(address):
            return "" if self.allow_private else "a private"
        return ""

    def check(self, endpoint: Endpoint) -> None:
        """Refuse a literal address at once; names are judged when they are looked up.

        Raises: AddressNotAllowed.
        """
        address = endpoint.literal
        if address is not None and (kind := self.objection(address)):
            raise AddressNotAllowed(f"{endpoint.host} is {kind} address, which is not called")


def check_host(text: str, *, field: str) -> str:
    """Normalise a DNS name or an address; odd spellings of IPv4 are not names.

    Raises: AccessInvalid naming the field.
    """
    host = text.strip("[]").lower().removesuffix(".")
    if _literal(host) is not None:
        return host
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        raise AccessInvalid(
            field, "write an IPv4 address as four decimal numbers without zeros before"
        )
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AccessInvalid(field, "the host is not a DNS name or an address")
    return host


def look_up(endpoint: Endpoint, *, policy: AddressPolicy, timeout: float) -> tuple[str, ...]:
    """Find the addresses to connect to; one that is refused refuses the name.

    A mixed answer is either a mistake or an attempt, so the allowed rest is not used.

    Raises: AddressNotAllowed; ClusterUnreachable when there is no such name, or no answer in time.
    """
    policy.check(endpoint)
    if endpoint.literal is not None:
        return (endpoint.host,)
    found = _resolve(endpoint.host, endpoint.port, timeout=timeout)
    for text in found:
        if kind := policy.objection(ipaddress.ip_address(text)):
            # The address itself is not told: who may attach a cluster may not map our network.
            raise AddressNotAllowed(f"{endpoint.host} leads to {kind} address, which is not called")
    return found


def _resolve(host: str, port: int, *, timeout: float) -> tuple[str, ...]:
    """Ask the system's resolver, which has no timeout: hence a thread that can be left."""
    answers: queue.SimpleQueue[tuple[str, ...]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.put(tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)))

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        addresses = answers.get(timeout=timeout)
    except queue.Empty as error:
        raise ClusterUnreachable(f"{host}: the name was not found in {timeout:.0f} s") from error
    if not addresses:
        raise ClusterUnreachable(f"{host}: no such host")
    return addresses


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_transitional(address: ipaddress.IPv6Address) -> bool:
    """Tell the forms that carry an IPv4 address inside; no cluster needs them, only tricks do."""
    compatible = int(address) >> 32 == 0 and int(address) > 1
    carried = (address.ipv4_mapped, address.sixtofour, address.teredo)
    return compatible or any(one is not None for one in carried)


def _is_site_local(address: Address) -> bool:
    """Deprecated fec0::/10, which ipaddress calls global."""
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local
