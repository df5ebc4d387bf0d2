"""Checks of names people give, with errors that say what would be accepted."""

from __future__ import annotations

import re

from projects.errors import Cause, Invalid

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
_ENDS = "starting and ending with a letter or digit"
# Owned by Kubernetes itself; a project there would fight the cluster.
_RESERVED_NAMESPACES = ("default", "kube-")


def label(value: str, *, field: str) -> str:
    """Return a DNS label (RFC 1123), or raise Invalid naming the field."""
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise invalid(
            field,
            f"{value!r} is not a name: use up to 63 of a-z, 0-9 and -, {_ENDS}",
        )
    return value


def subdomain(value: str, *, field: str) -> str:
    """Return a DNS subdomain (RFC 1123), or raise Invalid naming the field."""
    if not isinstance(value, str) or not _SUBDOMAIN.fullmatch(value):
        raise invalid(
            field,
            f"{value!r} is not a name: use up to 253 of a-z, 0-9, - and ., {_ENDS}",
        )
    return value


def namespace(value: str, *, field: str) -> str:
    """Return a namespace a project may have, or raise Invalid naming the field."""
    if value == _RESERVED_NAMESPACES[0] or value.startswith(_RESERVED_NAMESPACES[1]):
        raise invalid(field, f"{value!r} belongs to Kubernetes; choose another namespace")
    return label(value, field=field)


def invalid(field: str, message: str, *, reason: str = "Invalid") -> Invalid:
    """Make the error that points at one field."""
    return Invalid(
        f"{field}: {message}", reason=reason, causes=(Cause(field=field, message=message),)
    )
