"""Fixtures of the whole suite, and the guard of the write path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db import connections

from projects import ledger
from tests.fakes import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytest_plugins = ["tests.realcluster.plugin"]

_WRITE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(?P<table>\w+)"?', re.IGNORECASE)


class WriteOutsideOperation(AssertionError):
    """A product table was written without ledger.operation() (architecture 2.1 rule 14)."""


def _product_tables() -> frozenset[str]:
    labels = ("projects", "gitops", "federation")
    return frozenset(
        model._meta.db_table
        for label in labels
        for model in apps.get_app_config(label).get_models()
    )


def _guard(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    found = _WRITE.match(sql)
    if found and found["table"] in _product_tables() and not ledger.is_open():
        raise WriteOutsideOperation(sql[:200])
    return execute(sql, params, many, context)


@pytest.fixture(autouse=True)
def write_guard(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail any INSERT, UPDATE or DELETE on product tables outside an operation, in every thread of
    the test.

    A test that must forge a row asks for `forge`.
    """
    if not {"db", "transactional_db", "django_db_setup"} & set(request.fixturenames):
        yield
        return
    from django.db.backends.signals import connection_created

    def install(connection: Any, **_more: Any) -> None:
        if _guard not in connection.execute_wrappers:
            connection.execute_wrappers.append(_guard)

    connection_created.connect(install)
    install(connections["default"])
    yield
    connection_created.disconnect(install)
    connections["default"].execute_wrappers.remove(_guard)


@pytest.fixture
def forge() -> Callable[[Callable[[], Any]], Any]:
    """Write a row as nobody may: for what a test plants behind the operations' back."""

    def run(write: Callable[[], Any]) -> Any:
        with connections["default"].execute_wrapper(lambda execute, *args: execute(*args)):
            wrappers, connections["default"].execute_wrappers = (
                connections["default"].execute_wrappers,
                [],
            )
            try:
                return write()
            finally:
                connections["default"].execute_wrappers = wrappers

    return run


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[git.GitServer]:
    """A real smart-HTTP Git server with a password."""
    with git.serve(tmp_path / "git", username="robot", password="correct horse") as server:
        yield server
