"""The one place where errors become REST answers (architecture section 9, column DRF).

In: whatever a view raised. Out: one JSON shape,

    {"error": {"kind", "reason", "message", "causes": [{"field", "message"}]}}

with the code of its kind. What nobody anticipated is 500 with the request id and no details; those
are in the log under that id.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

from projects import callers
from projects.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    DomainError,
    Expired,
    Invalid,
    NotFound,
    Unavailable,
)
from projects.operations import denials

logger = logging.getLogger(__name__)

CODES: dict[type[DomainError], int] = {
    Invalid: status.HTTP_422_UNPROCESSABLE_ENTITY,
    Denied: status.HTTP_403_FORBIDDEN,
    NotFound: status.HTTP_404_NOT_FOUND,
    AlreadyExists: status.HTTP_409_CONFLICT,
    Conflict: status.HTTP_409_CONFLICT,
    Expired: status.HTTP_410_GONE,
    Unavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
}
# What DRF refuses by itself and we have a word for; CSRF is such a 403.
_OURS = {status.HTTP_403_FORBIDDEN: Denied.__name__, status.HTTP_404_NOT_FOUND: NotFound.__name__}
# When the other side named no time.
_RETRY_AFTER_SECONDS = 10.0


class BodyTooLarge(exceptions.APIException):
    """The request body is longer than is read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer an error; DRF's EXCEPTION_HANDLER."""
    if isinstance(error, exceptions.ValidationError):
        return _validation(error)
    if isinstance(error, Http404 | PermissionDenied):
        found = isinstance(error, PermissionDenied)
        error = exceptions.PermissionDenied() if found else exceptions.NotFound()
    if isinstance(error, exceptions.APIException):
        return _protocol(error)
    if isinstance(error, Denied):
        _write_down(error, context)
    kind = next((kind for kind in CODES if isinstance(error, kind)), None)
    if kind is None or not isinstance(error, DomainError):
        return _unexpected(error, context)
    response = _response(
        CODES[kind],
        kind=kind.__name__,
        reason=error.reason,
        message=error.message,
        causes=[(cause.field, cause.message) for cause in error.causes],
    )
    if isinstance(error, Unavailable):
        response["Retry-After"] = str(math.ceil(error.retry_after or _RETRY_AFTER_SECONDS))
    return response


def _write_down(error: Denied, context: Mapping[str, Any]) -> None:
    """Put the refusal of a write into the audit trail; a view has an actor once it let one in."""
    view: Any = context.get("view")
    if view is None or view.request.method in ("GET", "HEAD"):
        return
    denials.record(
        error=error,
        actor=view.actor,
        verb=f"{view.request.method} (denied)",
        kind=type(view).__name__,
        name=view.request.path,
        project=str(context.get("kwargs", {}).get("project", "")),
        now=view.now,
    )


def _validation(error: exceptions.ValidationError) -> Response:
    """A body or query of the wrong shape: 422, every field by its path."""
    causes = list(_causes(error.detail, ""))
    said = "; ".join(f"{field}: {message}" if field else message for field, message in causes)
    return _response(
        status.HTTP_422_UNPROCESSABLE_ENTITY,
        kind=Invalid.__name__,
        reason=Invalid.default_reason,
        message=said,
        causes=causes,
    )


def _protocol(error: exceptions.APIException) -> Response:
    """What DRF itself refuses: no user, wrong method or media type, a body that is no JSON."""
    name = "".join(part.title() for part in str(error.default_code).split("_"))
    kind = _OURS.get(error.status_code, name)
    response = _response(error.status_code, kind=kind, reason=name, message=str(error.detail))
    challenge, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    if wait:
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    found = callers.request_id(context["request"])
    logger.error("an error nobody anticipated in request %s", found, exc_info=error)
    return _response(
        status.HTTP_500_INTERNAL_SERVER_ERROR,
        kind="InternalError",
        reason=DomainError.default_reason,
        message=f"an internal error; the log of the hub has the details under request id {found}",
    )


def _response(
    code: int, *, kind: str, reason: str, message: str, causes: list[tuple[str, str]] | None = None
) -> Response:
    said = {
        "kind": kind,
        "reason": str(reason),
        "message": message,
        "causes": [{"field": field, "message": text} for field, text in causes or ()],
    }
    return Response({"error": said}, status=code)


def _causes(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    """DRF's nested details as (field path, message): placement.clusters[0].name."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _causes(inner, _join(path, key))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, Mapping)
            yield from _causes(inner, f"{path}[{number}]" if nested else path)
    else:
        yield path, str(detail)


def _join(path: str, key: Any) -> str:
    if key == "non_field_errors":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)
