"""The Django admin of federation: clusters, and what became of sources on them."""

from federation.admin import clusters, queue, rows

__all__ = ["clusters", "queue", "rows"]
