"""S-29: a kubeconfig never makes us run a program, wherever in the file it hides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from federation.member.credentials import AccessInvalid, ClusterAccess, parse_kubeconfig
from tests.fakes import kubeconfigs

if TYPE_CHECKING:
    from pathlib import Path

API = "client.authentication.k8s.io/v1"


def programs(marker: Path) -> dict[str, Any]:
    """What starts a program in one client library or another."""
    command = {"apiVersion": API, "command": "touch", "args": [str(marker)]}
    config = {"cmd-path": "/usr/bin/touch", "cmd-args": str(marker), "access-token": "x"}
    return {"exec": command, "auth-provider": {"name": "gcp", "config": config}}


@pytest.mark.parametrize("key", ["exec", "auth-provider"])
@pytest.mark.parametrize("second", [False, True])
def test_a_program_is_refused_by_the_name_of_its_key(
    tmp_path: Path, key: str, second: bool
) -> None:
    marker = tmp_path / "ran"
    text = kubeconfigs.spoiled("user", key, programs(marker)[key], second=second)

    with pytest.raises(AccessInvalid) as caught:
        parse_kubeconfig(text)

    assert caught.value.field == f"users[{int(second)}].user.{key}"
    assert "programs are not run" in caught.value.message
    assert not marker.exists()


@pytest.mark.parametrize("value", [None, {}, "", [], False])
def test_not_even_an_empty_program_is_let_through(value: Any) -> None:
    with pytest.raises(AccessInvalid, match=r"^users\[0\].user.exec: "):
        parse_kubeconfig(kubeconfigs.spoiled("user", "exec", value))


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system",
        "!!python/object/new:subprocess.Popen",
        "!<tag:yaml.org,2002:python/name:os.system>",
        "!custom",
        "!!str",
    ],
)
def test_a_yaml_tag_is_refused_unread(tmp_path: Path, tag: str) -> None:
    marker = tmp_path / "ran"
    text = f"apiVersion: v1\nkind: Config\nclusters: {tag} ['touch {marker}']\n"

    with pytest.raises(AccessInvalid, match="line 3: tags are not read"):
        parse_kubeconfig(text)

    assert not marker.exists()


def test_a_program_hidden_behind_an_alias_is_refused() -> None:
    text = "users: &u [{name: a, user: {exec: {command: id}}}]\nclusters: *u\n"

    with pytest.raises(AccessInvalid, match="anchors and aliases"):
        parse_kubeconfig(text)


def test_a_program_hidden_behind_a_second_key_of_the_same_name_is_refused() -> None:
    text = 'users: [{"name": "a", "user": {"token": "x"}, "user": {"exec": {"command": "id"}}}]\n'

    with pytest.raises(AccessInvalid, match="given twice"):
        parse_kubeconfig(text)


def test_a_stored_access_has_no_place_for_a_program() -> None:
    row = {"server": "https://cluster.example", "token": "x", "exec": {"command": "id"}}

    with pytest.raises(TypeError):
        ClusterAccess(**row)


@pytest.mark.parametrize(
    ("kind", "key"),
    [("cluster", "command"), ("user", "command"), ("context", "exec"), ("user", "Exec")],
)
def test_keys_that_are_not_known_are_refused(kind: str, key: str) -> None:
    with pytest.raises(AccessInvalid, match=rf"{kind}s\[0\].{kind}.{key}: "):
        parse_kubeconfig(kubeconfigs.spoiled(kind, key, "x"))


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]

    with pytest.raises(AccessInvalid, match="line 1: anchors"):
        parse_kubeconfig("\n".join(lines))


def test_a_kubeconfig_of_many_entries_is_refused_by_its_size() -> None:
    document = kubeconfigs.document()
    document["users"] += [{"name": f"u{n}", "user": {"token": "x"}} for n in range(20_000)]

    with pytest.raises(AccessInvalid, match="want at most"):
        parse_kubeconfig(json.dumps(document))
