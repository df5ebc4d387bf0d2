"""Every route of the REST API, every method, every kind of caller: who gets what.

The routes are taken from the URLconf, so a new one without an entry here fails (S-49).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from tests.fakes import kubeconfigs
from tests.integration import world as worlds
from tests.integration.world import ANONYMOUS, PEOPLE, World

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete")
PROJECT = "projects/<name:project>"
SECRET = f"{PROJECT}/secrets/<name:secret>"
SOURCE = f"{PROJECT}/sources/<name:source>"
HERE = ("viewer", "deployer", "editor", "admin", "auditor", "platform")
LIMITED = ("read-token", "sync-token", "token-for-here")
UNSEEN = ("stranger", "token-for-elsewhere")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One route and method: what is sent, what each caller is answered."""

    answers: dict[str, int]
    body: dict[str, Any] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)


def _may(code: int, *allowed: str, otherwise: int = 403, unseen: int = 404) -> dict[str, int]:
    """Callers who may get `code`, who see it but may not get `otherwise`, the rest `unseen`."""
    found = {ANONYMOUS: 401, **dict.fromkeys(UNSEEN, unseen)}
    found |= dict.fromkeys((*HERE, *LIMITED), otherwise)
    return found | dict.fromkeys(allowed, code)


def _view() -> dict[str, int]:
    return _may(200, *HERE, *LIMITED)


def _anyone(code: int = 200) -> dict[str, int]:
    return {ANONYMOUS: 401} | dict.fromkeys(PEOPLE, code)


def _edit(code: int) -> dict[str, int]:
    return _may(code, "editor", "admin", "platform", "token-for-here")


def _sync(code: int) -> dict[str, int]:
    return _edit(code) | _only(code, "deployer", "sync-token")


def _platform(code: int, *, unseen: int = 404) -> dict[str, int]:
    return _may(code, "platform", unseen=unseen)


def _only(code: int, *people: str) -> dict[str, int]:
    return dict.fromkeys(people, code)


KUBECONFIG = kubeconfigs.text()
URL = "https://git.example/team/api"
UNLIMITED = tuple(name for name in PEOPLE if "token" not in name)

CASES: dict[str, Case] = {
    "get me": Case(answers=_anyone()),
    "get tokens": Case(answers=_anyone()),
    "post tokens": Case(
        answers=_anyone(403) | _only(201, *UNLIMITED), body={"name": "ci", "scope": "read"}
    ),
    "delete tokens/<rowid:pk>": Case(answers=_anyone(404) | _only(204, "editor")),
    "get projects": Case(answers=_anyone()),
    "post projects": Case(answers=_platform(201, unseen=403), body={"name": "fresh"}),
    f"get {PROJECT}": Case(answers=_view()),
    f"patch {PROJECT}": Case(
        answers=_may(200, "admin", "platform", "token-for-here"), body={"displayName": "Ours"}
    ),
    f"delete {PROJECT}": Case(answers=_platform(409)),
    f"get {PROJECT}/secrets": Case(answers=_view()),
    f"post {PROJECT}/secrets": Case(
        answers=_edit(201), body={"name": "more", "payload": {"key": "value"}}
    ),
    f"get {SECRET}": Case(answers=_view()),
    f"put {SECRET}": Case(answers=_edit(200), body={"username": "robot", "token": "t"}),
    f"delete {SECRET}": Case(answers=_edit(204)),
    f"get {PROJECT}/clusters": Case(answers=_view()),
    # A cluster that is not in the project yet is not seen by its members.
    f"post {PROJECT}/clusters": Case(
        answers=_platform(201) | dict.fromkeys((*HERE[:4], *LIMITED), 404) | {"auditor": 403},
        body={"cluster": "spare"},
    ),
    f"delete {PROJECT}/clusters/<name:cluster>": Case(answers=_platform(202)),
    f"get {PROJECT}/events": Case(answers=_view()),
    f"get {PROJECT}/audit": Case(answers=_view()),
    f"get {PROJECT}/sources": Case(answers=_view()),
    f"post {PROJECT}/sources": Case(answers=_edit(201), body={"name": "api", "url": URL}),
    f"get {SOURCE}": Case(answers=_view()),
    f"put {SOURCE}": Case(answers=_edit(200), body={"url": URL}),
    f"delete {SOURCE}": Case(answers=_edit(202), body={"orphan": True}),
    f"post {SOURCE}/sync": Case(answers=_sync(202)),
    f"post {SOURCE}/suspend": Case(answers=_sync(200), body={"reason": "debugging"}),
    f"post {SOURCE}/resume": Case(answers=_sync(200)),
    f"post {SOURCE}/confirm-prune": Case(answers=_sync(200), body={"commit": worlds.COMMIT}),
    f"get {SOURCE}/revisions": Case(answers=_view()),
    f"get {SOURCE}/status": Case(answers=_view()),
    f"get {SOURCE}/events": Case(answers=_view()),
    f"get {SOURCE}/deployments": Case(answers=_view()),
    f"get {SOURCE}/objects": Case(answers=_view()),
    "get clusters": Case(answers=_anyone()),
    "post clusters": Case(
        answers=_platform(201, unseen=403), body={"name": "c9", "kubeconfig": KUBECONFIG}
    ),
    "get clusters/<name:cluster>": Case(answers=_view()),
    "patch clusters/<name:cluster>": Case(answers=_platform(200), body={"kubeconfig": KUBECONFIG}),
    "delete clusters/<name:cluster>": Case(answers=_platform(409)),
    **{f"{method} [\\s\\S]*": Case(answers=_anyone(404)) for method in METHODS},
}


def _routes() -> set[str]:
    """Every method of every route below /api/v1."""
    found = set()
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and str(resolver.pattern) == "api/v1/":
            for pattern in resolver.url_patterns:
                assert isinstance(pattern, URLPattern)
                view = pattern.callback.cls
                found |= {f"{name} {pattern.pattern}" for name in METHODS if hasattr(view, name)}
    return found


def _path(route: str, world: World) -> str:
    values = {
        "<name:project>": "team",
        "<name:secret>": "git",
        "<name:source>": "web",
        "<name:cluster>": "c1",
        "<rowid:pk>": str(world.spare_token.pk),
        "[\\s\\S]*": "nothing/here/",
    }
    for place, value in values.items():
        route = route.replace(place, value)
    return f"/api/v1/{route}"


@pytest.fixture
def world() -> World:
    return worlds.build()


def test_every_route_has_an_entry() -> None:
    assert _routes() == set(CASES)


@pytest.mark.parametrize("method", METHODS)
def test_every_caller_gets_what_the_table_says(method: str, world: World) -> None:
    wanted = {name: case for name, case in CASES.items() if name.startswith(f"{method} ")}

    found = {name: _answers(case, name, world) for name, case in wanted.items()}

    assert found == {name: case.answers for name, case in wanted.items()}


def _answers(case: Case, name: str, world: World) -> dict[str, int]:
    method, route = name.split(" ", 1)
    found = {}
    for person in (ANONYMOUS, *PEOPLE):
        with transaction.atomic():
            send = getattr(world.client(person), method)
            body = None if method == "get" else case.body
            found[person] = send(_path(route, world), body, format="json").status_code
            transaction.set_rollback(True)
    return found
