"""Names are given out once, and a name that is free again comes without its past."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import Group, User
from django.db import connections

from projects.errors import AlreadyExists
from projects.models import Project
from projects.operations import projects
from tests import factories


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_a_name_at_once_one_is_told_so() -> None:
    answers: list[str] = []
    ready = threading.Barrier(4)

    def take() -> None:
        ready.wait()
        try:
            factories.project("shop")
            answers.append("made")
        except AlreadyExists:
            answers.append("taken")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == ["made", "taken", "taken", "taken"]
    assert Project.objects.count() == 1


@pytest.mark.django_db
def test_a_project_that_is_made_again_has_no_members_of_the_one_before() -> None:
    project = factories.project("shop")
    ada = User.objects.create_user("ada")
    ada.groups.add(Group.objects.get(name="slipway:shop:admin"))

    projects.delete(project=project, actor=factories.ROOT, now=factories.NOW)
    factories.project("shop")

    assert not ada.groups.exists()
