"""Sources: what people write, who may, and what it wakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Group, User

from gitops.models import GitRepository, Kustomization
from gitops.operations import sources, suspensions
from gitops.operations.sources import SourceSpec
from projects import access, signals
from projects.errors import AlreadyExists, Conflict, Denied, Invalid, NotFound
from projects.models import AuditEntry
from tests import factories
from tests.factories import NOW, ROOT

if TYPE_CHECKING:
    from projects.access import Actor
    from projects.models import Project

pytestmark = pytest.mark.django_db

SPEC = SourceSpec(url="https://git.example.com/shop.git")


@pytest.fixture
def project() -> Project:
    return factories.project("shop")


def person(*groups: str) -> Actor:
    user = User.objects.create_user("ada")
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in groups))
    return access.of_user(user, via="test")


def test_a_source_is_two_rows_under_one_name(project: Project) -> None:
    source = sources.create(project=project, name="web", spec=SPEC, actor=ROOT, now=NOW)

    assert GitRepository.objects.get().name == source.name == Kustomization.objects.get().name
    assert [entry.kind for entry in AuditEntry.objects.filter(verb="create").order_by("id")] == [
        "Project",
        "GitRepository",
        "Kustomization",
    ]


def test_a_name_that_is_taken_is_refused(project: Project) -> None:
    factories.source(project, "web")

    with pytest.raises(AlreadyExists, match="web"):
        factories.source(project, "web")


def test_a_name_taken_in_another_project_is_free(project: Project) -> None:
    factories.source(project, "web")

    factories.source(factories.project("other"), "web")

    assert Kustomization.objects.filter(name="web").count() == 2


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("url", {"url": "ext::sh -c id"}),
        ("url", {"url": "https://user:pw@git.example.com/x"}),
        ("ref", {"url": SPEC.url, "branch": "--upload-pack=touch x"}),
        ("ref", {"url": SPEC.url, "branch": "main", "tag": "v1"}),
        ("path", {"url": SPEC.url, "path": "../other"}),
        ("interval", {"url": SPEC.url, "interval": 1}),
        ("placement.clusters[0]", {"url": SPEC.url, "placement": {"clusters": ["east"]}}),
        ("placement.everywhere", {"url": SPEC.url, "placement": {"everywhere": True}}),
        ("secretRef.name", {"url": SPEC.url, "secret_name": "No Name"}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(
    project: Project, field: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as caught:
        sources.create(project=project, name="web", spec=SourceSpec(**wrong), actor=ROOT, now=NOW)

    assert [cause.field for cause in caught.value.causes] == [field]
    assert not Kustomization.objects.exists()
    assert not GitRepository.objects.exists()


def test_an_unchanged_spec_writes_nothing(project: Project) -> None:
    source = factories.source(project, "web", url=SPEC.url)
    before = AuditEntry.objects.count()

    sources.update(source=source, spec=SPEC, actor=ROOT, now=NOW)

    source.refresh_from_db()
    assert source.generation == 1
    assert AuditEntry.objects.count() == before


def test_a_changed_path_raises_the_generation_of_the_kustomization_only(project: Project) -> None:
    source = factories.source(project, "web", url=SPEC.url)

    sources.update(source=source, spec=SourceSpec(url=SPEC.url, path="deploy"), actor=ROOT, now=NOW)

    assert Kustomization.objects.get().generation == 2
    assert GitRepository.objects.get().generation == 1


@pytest.mark.parametrize(
    ("groups", "allowed"),
    [
        (("slipway:shop:viewer",), {"view"}),
        (("slipway:shop:deployer",), {"view", "sync", "suspend"}),
        (("slipway:shop:editor",), {"view", "sync", "suspend", "update", "delete"}),
        (("slipway:platform-admin",), {"view", "sync", "suspend", "update", "delete"}),
        (("slipway:platform-auditor",), {"view"}),
    ],
)
def test_what_a_role_may(project: Project, groups: tuple[str, ...], allowed: set[str]) -> None:
    source = factories.source(project, "web")
    actor = person(*groups)
    acts = {
        "sync": lambda: sources.sync(source=source, actor=actor, now=NOW),
        "suspend": lambda: suspensions.suspend(source=source, actor=actor, now=NOW),
        "update": lambda: sources.update(source=source, spec=SPEC, actor=actor, now=NOW),
        "delete": lambda: sources.request_deletion(source=source, actor=actor, now=NOW),
    }

    done = {"view"}
    for name, act in acts.items():
        try:
            act()
        except Denied:
            continue
        done.add(name)

    assert done == allowed


def test_who_may_not_see_a_project_is_told_that_it_is_not_there(project: Project) -> None:
    source = factories.source(project, "web")

    with pytest.raises(NotFound):
        sources.sync(source=source, actor=person("slipway:other:admin"), now=NOW)


def test_deletion_is_asked_for_once_and_bars_updates(project: Project) -> None:
    source = factories.source(project, "web")

    sources.request_deletion(source=source, actor=ROOT, now=NOW)
    sources.request_deletion(source=source, actor=ROOT, now=NOW)

    assert AuditEntry.objects.filter(verb="request-deletion").count() == 1
    with pytest.raises(Conflict):
        sources.update(source=source, spec=SPEC, actor=ROOT, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_new_source_wakes_the_fetch_at_once() -> None:
    woken: list[str] = []

    def listen(*, kind: str, **_more: Any) -> None:
        woken.append(kind)

    signals.changed.connect(listen)
    try:
        factories.source(factories.project("shop"), "web")
    finally:
        signals.changed.disconnect(listen)

    assert "GitRepository" in woken


def test_suspending_twice_is_one_suspension_and_resuming_ends_it(project: Project) -> None:
    source = factories.source(project, "web")

    suspensions.suspend(source=source, actor=ROOT, now=NOW, reason="looking")
    suspensions.suspend(source=source, actor=ROOT, now=NOW, reason="again")
    assert [row.reason for row in source.suspensions.active()] == ["looking"]
    suspensions.resume(source=source, actor=ROOT, now=NOW)

    assert not source.suspensions.active().exists()


def test_a_suspension_in_the_past_or_of_a_foreign_cluster_is_refused(project: Project) -> None:
    source = factories.source(project, "web")

    with pytest.raises(Invalid, match="until"):
        suspensions.suspend(source=source, actor=ROOT, now=NOW, until=NOW)
    with pytest.raises(Invalid, match="elsewhere"):
        suspensions.suspend(source=source, actor=ROOT, now=NOW, clusters=["elsewhere"])


def test_the_end_of_a_suspension_does_not_touch_spec_suspend(project: Project, forge: Any) -> None:
    """Architecture 2.1 rule 6."""
    source = factories.source(project, "web")
    forge(lambda: Kustomization.objects.filter(pk=source.pk).update(suspend=True))
    suspensions.suspend(source=source, actor=ROOT, now=NOW, until=None)
    forge(lambda: source.suspensions.update(until=NOW))

    assert suspensions.end_run_out(now=NOW) == 1

    source.refresh_from_db()
    assert source.suspend
    assert not source.suspensions.active().exists()
