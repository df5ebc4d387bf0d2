"""The logging dict: one line per record, control characters escaped, user:password@ of URLs
removed.
"""

from __future__ import annotations

import logging
from typing import Any

from projects.kube import masking


class OneLine(logging.Formatter):
    """Formats a record so that no message can forge a second line (S-40); tracebacks stay
    multi-line.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = masking.printable(masking.scrub(record.message), limit=4000)
        return super().formatMessage(record)


def logging_dict(level: str) -> dict[str, Any]:
    """Describe logging to the standard error stream for Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": OneLine, "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.db.backends": {"level": "WARNING"},
            # It says every wake-up at INFO, also to people at the command line.
            "django-q": {"level": "WARNING"},
        },
    }
