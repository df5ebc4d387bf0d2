"""Inserting rows whose names are unique: the database decides, also between two who ask at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from projects.errors import AlreadyExists

if TYPE_CHECKING:
    from django.db.models import Model


def insert(row: Model, *, taken: str) -> None:
    """Insert a row; taken is the message when its name is not free (any more).

    Raises: AlreadyExists.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyExists(taken) from error
