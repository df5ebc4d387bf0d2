"""Which network addresses git may be sent to.

In: a host name or address and the operator's policy. Out: the addresses to connect to, every one
of them checked; git is then pinned to them, so that a second answer of the name server changes
nothing. No connection is made here.

Link-local, multicast, unspecified and reserved addresses and the metadata services of the clouds
are refused always; loopback and private ranges unless the operator allows them. An IPv6 address
that carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is judged by both.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from projects.errors import Invalid, Unavailable
from projects.kube.conditions import Reason

Address = IPv4Address | IPv6Address

# Metadata services that live outside the link-local range: Alibaba, Oracle, Azure, AWS on IPv6.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254")
)
_CARRIES_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
_NOT_PUBLIC = (
    IPv4Network("100.64.0.0/10"),  # shared by providers; ipaddress calls it neither
    IPv6Network("64:ff9b:1::/48"),  # NAT64 inside a site
    IPv6Network("fec0::/10"),  # site-local, long deprecated, still routed
)


class AddressNotAllowed(Invalid):
    """The host is, or resolves to, an address that is never called."""

    default_reason = Reason.ADDRESS_NOT_ALLOWED


class HostNotFound(Unavailable):
    """The name server knows no address of the host, or did not answer."""

    default_reason = Reason.GIT_OPERATION_FAILED


def literal(host: str) -> Address | None:
    """Read a host that is written as an address; None when it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def problem(address: Address, *, allow_private: bool) -> str:
    """Say why an address is refused; "" when it is not."""
    for one in (address, *_carried(address)):
        if _is_never_called(one):
            return f"{one} is a link-local, metadata, multicast or reserved address"
        if not allow_private and not _is_public(one):
            return f"{one} is a loopback or private address"
    return ""


def resolve(host: str, port: int, *, allow_private: bool, deadline: float) -> tuple[str, ...]:
    """Look the host up and return its addresses, each of them allowed.

    Raises: AddressNotAllowed when one is not; HostNotFound.
    """
    found = _look_up(host, port, deadline=deadline)
    for text in found:
        why = problem(ipaddress.ip_address(text), allow_private=allow_private)
        if why:
            # All or nothing: a name that also points inside is not one to be trusted with a choice.
            raise AddressNotAllowed(
                f"host {host} resolves to an address that is not allowed: {why}"
            )
    return found


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    if isinstance(address, IPv4Address):
        return ()
    # The two lowest addresses are "unspecified" and loopback, not an IPv4 address in disguise.
    low = IPv4Address(int(address) & 0xFFFFFFFF) if int(address) > 1 else None
    inside = low if any(address in network for network in _CARRIES_IPV4) else None
    teredo = address.teredo or ()
    return tuple(
        one for one in (address.ipv4_mapped, address.sixtofour, *teredo, inside) if one is not None
    )


def _is_never_called(address: Address) -> bool:
    # Python calls all of ::/8 reserved, carriers and NAT64 inside a site included.
    reserved = address.is_reserved and not _is_disguise(address) and not _is_inside(address)
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
        or reserved
    )


def _is_disguise(address: Address) -> bool:
    """Tell whether an IPv6 address is only the carrier of an IPv4 one (or is ::1)."""
    if isinstance(address, IPv4Address):
        return False
    return address.is_loopback or address.ipv4_mapped is not None or bool(_carried(address))


def _is_public(address: Address) -> bool:
    if _is_disguise(address) and not address.is_loopback:
        return True  # judged by what it carries
    return address.is_global and not _is_inside(address)


def _is_inside(address: Address) -> bool:
    return any(address in network for network in _NOT_PUBLIC)


def _look_up(host: str, port: int, *, deadline: float) -> tuple[str, ...]:
    # getaddrinfo knows no timeout, so it runs beside us; a thread that never ends holds nothing.
    found: list[str] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(str(error))
        else:
            found.extend(dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers))

    asking = threading.Thread(target=ask, name="slipway-resolve", daemon=True)
    asking.start()
    asking.join(max(deadline - time.monotonic(), 0.0))
    if not found:
        why = failed[0] if failed else "no answer in time"
        raise HostNotFound(f"host {host} could not be resolved: {why}")
    return tuple(found)
