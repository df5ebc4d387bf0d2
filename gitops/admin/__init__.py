"""The Django admin of gitops: sources, and what the product wrote about them."""

from gitops.admin import rows, sources

__all__ = ["rows", "sources"]
