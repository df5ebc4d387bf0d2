"""The key ring of this installation, from settings; kept apart so that projects.crypto stays free
of Django.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from projects.crypto import KeyRing


def ring() -> KeyRing:
    """Return the ring of SLIPWAY_ENCRYPTION_KEYS."""
    return _ring(tuple(settings.SLIPWAY["ENCRYPTION_KEYS"]))


@lru_cache(maxsize=8)
def _ring(keys: tuple[str, ...]) -> KeyRing:
    return KeyRing(keys)
