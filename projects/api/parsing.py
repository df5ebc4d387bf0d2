"""Reading a JSON body: UTF-8, bounded, no key twice.

In: the byte stream of a request. Out: a JSON value, or an error that says what would be accepted.
DRF's own parser reads without a bound, lets the client choose the charset, takes the last of two
equal keys, and fails on deep nesting; a body that means one thing to a checker and another to us is
worth nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from projects.api.errors import BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

# A secret holds 1 MiB at most; JSON may need twice that to spell it.
MAX_BODY_BYTES = 4 << 20


class JsonParser(BaseParser):
    """The only parser of the REST doors."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read one JSON value.

        Raises: ParseError, BodyTooLarge.
        """
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"the body is longer than {MAX_BODY_BYTES} bytes")
        try:
            return json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_no_number)
        except RecursionError as error:
            raise ParseError("the body is nested too deep") from error
        except ValueError as error:
            # Its text may quote the body, and the body may be a secret.
            raise ParseError("the body is not JSON in UTF-8") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError("the body names a key twice in one object")
    return found


def _no_number(_text: str) -> NoReturn:
    raise ParseError("NaN and Infinity are no JSON numbers")
