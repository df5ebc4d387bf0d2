"""The pages of the admin: all are there for a superuser, and only the right ones for the others.

The models are taken from the admin site, so a new one is looked at as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from projects import ledger, roles
from tests.integration import world as worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.world import World

pytestmark = pytest.mark.django_db

OURS = ("projects", "gitops", "federation")
WRITABLE = {"Project", "Cluster", "Attachment", "Secret", "Kustomization", "ApiToken"}
DELETABLE = WRITABLE - {"ApiToken"}
CHANGEABLE = {"Project", "Cluster", "Secret", "Kustomization"}


def _models() -> list[type[Any]]:
    return [each for each in admin.site._registry if each._meta.app_label in OURS]


def _url(model: type[Any], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def _pages() -> Iterator[str]:
    """Every page there is something to see on."""
    yield reverse("admin:index")
    for label in OURS:
        yield reverse("admin:app_list", args=[label])
    for model in _models():
        yield _url(model, "changelist")
        if model.__name__ in WRITABLE:
            yield _url(model, "add")
        rows = list(model._default_manager.all())
        assert rows, f"the world has no {model.__name__} to look at"
        for row in rows:
            yield _url(model, "change", row.pk)
            yield _url(model, "history", row.pk)
            if model.__name__ in DELETABLE:
                yield _url(model, "delete", row.pk)


@pytest.fixture
def world() -> World:
    return worlds.build()


@pytest.fixture
def enter() -> Callable[..., Client]:
    """Log a new member of staff in."""

    def run(*groups: str, **more: Any) -> Client:
        client = Client()
        client.force_login(worlds.person("staff", *groups, is_staff=True, **more))
        return client

    return run


def test_every_page_opens_for_a_superuser(world: World, enter: Callable[..., Client]) -> None:
    client = enter(is_superuser=True)

    answers = {page: client.get(page).status_code for page in _pages()}

    assert set(answers.values()) == {200}, {k: v for k, v in answers.items() if v != 200}


def test_every_page_opens_for_a_platform_admin(world: World, enter: Callable[..., Client]) -> None:
    client = enter(roles.PLATFORM_ADMIN)

    answers = {page: client.get(page).status_code for page in _pages()}

    assert set(answers.values()) == {200}, {k: v for k, v in answers.items() if v != 200}


def test_an_auditor_looks_and_changes_nothing(world: World, enter: Callable[..., Client]) -> None:
    client = enter(roles.PLATFORM_AUDITOR)

    for model in _models():
        row = model._default_manager.all()[0]
        assert client.get(_url(model, "changelist")).status_code == 200
        assert client.get(_url(model, "change", row.pk)).status_code == 200
        for page in (("add",), ("delete", row.pk), ("change", row.pk)):
            assert client.post(_url(model, *page), {"post": "yes"}).status_code == 403, page


def test_staff_without_a_platform_role_sees_none_of_it(
    world: World, enter: Callable[..., Client]
) -> None:
    client = enter(roles.group_name("team", roles.Role.ADMIN))

    for model in _models():
        row = model._default_manager.all()[0]
        assert client.get(_url(model, "changelist")).status_code == 403
        assert client.get(_url(model, "change", row.pk)).status_code == 403


def test_a_project_admin_who_is_not_staff_is_sent_to_the_login(world: World) -> None:
    client = Client()
    client.force_login(worlds.person("someone", roles.group_name("team", roles.Role.ADMIN)))

    assert client.get(reverse("admin:index")).status_code == 302


def test_rows_of_the_product_cannot_be_written_even_by_a_superuser(
    world: World, enter: Callable[..., Client]
) -> None:
    client = enter(is_superuser=True)

    for model in _models():
        row, name = model._default_manager.all()[0], model.__name__
        if name not in WRITABLE:
            assert client.post(_url(model, "add"), {}).status_code == 403, name
        if name not in CHANGEABLE:
            assert client.post(_url(model, "change", row.pk), {}).status_code == 403, name
        if name not in DELETABLE:
            assert client.post(_url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "projects/secret/?sealed_payload__startswith=a",
        "projects/secret/?project__secrets__sealed_payload__startswith=a",
        "projects/cluster/?sealed_credential__contains=a",
        "projects/apitoken/?digest__startswith=a",
        "projects/apitoken/?user__password__startswith=a",
        "gitops/desiredstate/?objects_gz__isnull=0",
        "projects/project/?_connector=OR",
    ],
)
def test_columns_that_are_not_offered_are_not_filtered_by(
    query: str, world: World, enter: Callable[..., Client]
) -> None:
    client = enter(is_superuser=True)

    assert client.get(f"/admin/{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "projects/secret/?project__id__exact=1",
        "projects/auditentry/?allowed__exact=1&verb=create",
        "federation/propagation/?state__exact=Pending&stalled__exact=0",
        "projects/secret/?q=git",
    ],
)
def test_filters_that_are_offered_work(
    query: str, world: World, enter: Callable[..., Client]
) -> None:
    client = enter(is_superuser=True)

    assert client.get(f"/admin/{query}").status_code == 200


def test_the_pages_of_the_queue_are_gone(enter: Callable[..., Client]) -> None:
    client = enter(is_superuser=True)

    labels = {model._meta.app_label for model in admin.site._registry}
    answer = client.get("/admin/django_q/schedule/")

    assert "django_q" not in labels
    assert answer.status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("admin:django_q_ormq_changelist")


def test_users_are_not_deleted(enter: Callable[..., Client]) -> None:
    client = enter(is_superuser=True)
    user = worlds.person("leaver")

    answer = client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 403
    user.refresh_from_db()


def test_a_list_makes_as_many_queries_for_many_rows_as_for_one(
    world: World, enter: Callable[..., Client]
) -> None:
    client = enter(is_superuser=True)
    pages = [_url(model, "changelist") for model in _models()]
    before = {page: _count(client, page) for page in pages}
    for number in range(8):
        worlds.make_source(world.team, f"more-{number}")
        _more_of_the_rest(world, number)

    after = {page: _count(client, page) for page in pages}

    assert after == before


def _more_of_the_rest(world: World, number: int) -> None:
    worlds.make_project(f"project-{number}")
    worlds.token_for(worlds.person(f"person-{number}"), project=world.team)
    with ledger.operation():
        worlds.WorkerLease.objects.create(name=f"w{number}", until=worlds.timezone.now())


def _count(client: Client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(page).status_code == 200
    return len(queries)
