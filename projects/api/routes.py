"""What may stand in a path of the REST API: names of objects and keys of rows, and nothing else.

A path that is none of these (other characters, control characters, a number no column holds) is no
route and so 404 before any query is made of it.
"""

from __future__ import annotations

from functools import lru_cache

from django.urls import register_converter
from django.urls.converters import StringConverter


class NameConverter(StringConverter):
    """A DNS label or subdomain, as names of projects, clusters, secrets and sources are."""

    regex = "[a-z0-9][-.a-z0-9]{0,252}"


class RowIdConverter:
    """A primary key that fits its column."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


@lru_cache(maxsize=1)
def register() -> None:
    """Make the converters known to Django, once."""
    register_converter(NameConverter, "name")
    register_converter(RowIdConverter, "rowid")
