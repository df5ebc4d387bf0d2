"""The crash points of projects/faults.py that a worker is killed at."""

from __future__ import annotations

# Every step of fetch, render and apply, in the order a commit meets them.
STEPS = (
    "fetch-claimed",
    "fetched",
    "render-claimed",
    "rendered",
    "published",
    "apply-claimed",
    "inventory-claimed",
    "inventory-written",
    "applied-1",
    "applied-4",
    "before-prune",
    "deleted-1",
    "deleted-2",
    "before-record",
)
