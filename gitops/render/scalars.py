"""Which value a YAML scalar stands for, by the rules Kubernetes reads with.

In: the text of a scalar and its tag. Out: a string, number, boolean or None; for mapping keys, the
JSON key. Kubernetes reads manifests through sigs.k8s.io/yaml, a fork of go-yaml v2: `yes` and `n`
are booleans, `0o14` and `014` are 12, `1e3` is 1000, while `22:22` and `2024-01-01` stay text.
JSON cannot tell 1.0 from 1, so a float without a fraction becomes an integer, as it does on its
way through Go. Nothing here knows files, lines or documents; that is yamlio.
tests/golden/render/scalars.json holds what kubectl itself answers for each rule.
"""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal

Scalar = str | int | float | bool | None

_TRUE = ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_NULL = ("", "~", "null", "Null", "NULL")
_INFINITE = tuple(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF"))
_NAN = (".nan", ".NaN", ".NAN")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(_NULL, None),
    **dict.fromkeys(_INFINITE, math.inf),
    **dict.fromkeys(_NAN, math.nan),
}
# Only a text that starts so can be anything but a string; the test spares most scalars the rest.
_HINTS = frozenset("+-.0123456789yYnNtTfFoO~")

_INTEGER = re.compile(
    r"(?P<sign>[+-]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO](?P<oct>[0-7]+)|0[bB](?P<bin>[01]+)"
    r"|(?P<old>0[0-7]*)|(?P<dec>[1-9][0-9]*))"
)
_BASES = {"hex": 16, "oct": 8, "bin": 2, "old": 8, "dec": 10}
# go-yaml reads what follows 0b as a signed number.
_SIGNED_BINARY = re.compile(r"0b(?P<digits>[+-][01]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# What starts with a dot goes to Go's ParseFloat as it is: underscores only between digits.
_POINT_FLOAT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
_INT64 = (-(2**63), 2**63 - 1)
_UINT64_MAX = 2**64 - 1
# No 64-bit number has more digits, in any base; longer digits are not worth converting.
_LONGEST_INTEGER = 70

TAG_PREFIX = "tag:yaml.org,2002:"
TAGGED_AS = ("str", "int", "float", "bool", "null")


class ScalarError(ValueError):
    """A scalar that has no place in a manifest; the text says why, without the value."""


def resolve(text: str) -> Scalar:
    """Read a plain (unquoted, untagged) scalar.

    Raises: ScalarError for infinity and not-a-number, which JSON has no word for.
    """
    if text and text[0] not in _HINTS:
        return text
    value = _resolve(text)
    return number(value) if isinstance(value, float) else value


def resolve_tagged(text: str, tag: str) -> Scalar:
    """Read a scalar that carries one of the accepted tags.

    Raises: ScalarError when the text is not of the tag's type.
    """
    name = tag.removeprefix(TAG_PREFIX)
    if name == "str":
        return text
    value = _resolve(text)
    found = "null" if value is None else type(value).__name__
    if found == name or (name == "float" and found == "int"):
        return number(value) if isinstance(value, float) else value
    raise ScalarError(f"the value tagged !!{name} is not one; drop the tag or write a {name}")


def number(value: float) -> int | float:
    """Turn a float without a fraction into the integer Go's JSON would print.

    Raises: ScalarError for infinity and not-a-number.
    """
    if not math.isfinite(value):
        raise ScalarError("infinity and not-a-number cannot be written in JSON; quote the value")
    if not value.is_integer():
        return value
    # Go prints the shortest digits naming the float, not its exact value; above 2^53 they differ.
    whole = int(Decimal(repr(value)))
    return whole if _INT64[0] <= whole <= _INT64[1] else value


def integer(digits: str) -> int | float:
    """Read a JSON integer; beyond 64 bits it is a float, as it is for Go."""
    if len(digits) <= _LONGEST_INTEGER:
        whole = int(digits)
        if _INT64[0] <= whole <= _INT64[1]:
            return whole
    return number(float(digits))


def key(value: Scalar) -> str:
    """Write a scalar as the JSON key it becomes.

    Raises: ScalarError for null, which is no key.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if value is None:
        raise ScalarError("a mapping key is empty or null; quote it if that is meant")
    return _float_key(value)


def plain_key(text: str) -> str:
    """Read a plain scalar that stands as a mapping key; `1e6:` stays a float and reads "1e+06"."""
    return text if text and text[0] not in _HINTS else key(_resolve(text))


def _resolve(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    found: int | float | None = None
    if first == "." and _POINT_FLOAT.fullmatch(text):
        found = _finite(text.replace("_", ""))
    elif first in "+-0123456789":
        found = _number(text.replace("_", ""))
    return text if found is None else found


def _number(plain: str) -> int | float | None:
    if len(plain) <= _LONGEST_INTEGER and (match := _INTEGER.fullmatch(plain)):
        base = _BASES[match.lastgroup or "dec"]
        whole = int(match["sign"] + match[match.lastgroup or "dec"], base)
        if _INT64[0] <= whole <= _INT64[1]:
            return whole
        if not match["sign"] and whole <= _UINT64_MAX:
            return float(whole)
    if _FLOAT.fullmatch(plain):
        return _finite(plain)
    if match := _SIGNED_BINARY.fullmatch(plain[:_LONGEST_INTEGER]):
        return int(match["digits"], 2)
    return None


def _finite(text: str) -> float | None:
    """Read digits as a float; what overflows is none, because ParseFloat calls it an error."""
    value = float(text)
    return value if math.isfinite(value) else None


def _float_key(value: float) -> str:
    """Write a float as Go's FormatFloat(value, 'g', -1, 32): shortest digits for 32 bits."""
    single = _single(value)
    if not math.isfinite(single):
        raise ScalarError("a mapping key is a number out of range; quote it")
    spellings = (f"{single:.{places}e}" for places in range(9))
    shortest = next(text for text in spellings if _single(float(text)) == single)
    mantissa, _, exponent = shortest.partition("e")
    if not -4 <= int(exponent) < 6:
        return shortest
    places = len(mantissa.lstrip("-").replace(".", "")) - int(exponent) - 1
    return f"{single:.{max(places, 0)}f}"


def _single(value: float) -> float:
    """Round to 32 bits."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.inf
