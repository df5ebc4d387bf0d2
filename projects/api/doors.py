"""What every REST view does alike: who asks, when, which part of a list, in which shape.

In: an authenticated request. Out: an Actor, a time, checked input, a Response. A view then makes
one call of queries or operations; permission is asked there and nowhere here, and errors are
answered by projects.api.errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from projects import callers
from projects.api.authentication import actor_of
from projects.api.fields import Input, Nothing, Output
from projects.api.parsing import JsonParser
from projects.api.routes import NameConverter
from projects.kube import masking

if TYPE_CHECKING:
    from datetime import datetime

    from rest_framework.request import Request

    from projects.access import Actor

PAGE = frozenset({"limit", "offset"})
# Query parameters by method, of a view that lists.
LISTED: Mapping[str, frozenset[str]] = MappingProxyType({"GET": PAGE})
_LIMIT = 100
_MOST = 500
_FURTHEST = 1_000_000

# Which part of a list: (limit, offset) -> that many rows.
Part = Callable[[int, int], Sequence[Any]]


class Door(APIView):
    """A REST view."""

    parser_classes = (JsonParser,)
    # Without OPTIONS: DRF would describe the view to whoever asks.
    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    # Which query parameters a method reads; every other one is refused by name.
    parameters: ClassVar[Mapping[str, frozenset[str]]] = MappingProxyType({})

    actor: Actor
    now: datetime

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Learn who asks, and refuse query parameters that would be passed over."""
        super().initial(request, *args, **kwargs)
        self.actor, self.now = actor_of(request), timezone.now()
        method = "GET" if request.method == "HEAD" else str(request.method)
        known = self.parameters.get(method, frozenset())
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            said = ", ".join(sorted(known)) or "none"
            message = f"is not a query parameter here; known: {said}"
            names = [masking.printable(name, limit=100) for name in unknown]
            raise serializers.ValidationError({name: [message] for name in names})

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Let nobody keep an answer, and tell the request id that the audit trail has."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["X-Request-ID"] = callers.request_id(self.request)
        return response

    def read(self, form: type[Input] = Nothing, **more: Any) -> dict[str, Any]:
        """Check the body.

        Raises: ValidationError naming each field.
        """
        given = {**more, **self.request.data} if isinstance(self.request.data, dict) else None
        found = form(data=self.request.data if given is None else given)
        found.is_valid(raise_exception=True)
        return dict(found.validated_data)

    def show(self, shape: type[Output], value: Any, code: int = status.HTTP_200_OK) -> Response:
        """Answer with one thing."""
        return Response(shape(value).data, status=code)

    def page(self, shape: type[Output], part: Part) -> Response:
        """Answer with a part of a list; one row more than asked for tells if there are more."""
        limit = self._number("limit", default=_LIMIT, least=1, most=_MOST)
        offset = self._number("offset", default=0, least=0, most=_FURTHEST)
        found = part(limit + 1, offset)
        items = shape(found[:limit], many=True).data
        return Response(
            {"items": items, "limit": limit, "offset": offset, "more": len(found) > limit}
        )

    def flag(self, name: str) -> dict[str, bool]:
        """Read a query parameter that is true or false; empty when it is not there."""
        given = self.request.query_params.get(name)
        if given is None:
            return {}
        if given not in ("true", "false"):
            raise serializers.ValidationError({name: ["want true or false"]})
        return {name: given == "true"}

    def name(self, parameter: str) -> str:
        """Read a query parameter that names an object; empty when it is not there."""
        given = self.request.query_params.get(parameter, "")
        if given and not re.fullmatch(NameConverter.regex, given):
            raise serializers.ValidationError({parameter: ["want a name: a-z, 0-9, - and ."]})
        return given

    def _number(self, name: str, *, default: int, least: int, most: int) -> int:
        given = self.request.query_params.get(name)
        if given is None:
            return default
        # str.isdigit alone knows digits that int() does not take.
        found = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1
        if not least <= found <= most:
            raise serializers.ValidationError({name: [f"want a number from {least} to {most}"]})
        return found
