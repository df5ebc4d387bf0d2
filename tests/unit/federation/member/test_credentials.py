"""From a kubeconfig to a ClusterAccess."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from federation.member.credentials import AccessInvalid, ClusterAccess, parse_kubeconfig
from tests.fakes import kubeconfigs


def test_the_current_context_is_taken() -> None:
    found = parse_kubeconfig(kubeconfigs.text())

    assert found.server == "https://cluster.example:6443"
    assert found.ca_pem == kubeconfigs.authority().pem
    assert found.token == kubeconfigs.TOKEN
    assert found.client_cert_pem == ""


def test_a_client_certificate_is_taken_with_its_end() -> None:
    pair = kubeconfigs.authority().client(user="deployer")

    found = parse_kubeconfig(kubeconfigs.with_certificate(pair))

    assert found.client_cert_pem == pair.cert_pem
    assert "PRIVATE KEY" in found.client_key_pem
    assert found.expires_at is not None


def test_a_token_has_no_end_that_we_know() -> None:
    assert parse_kubeconfig(kubeconfigs.text()).expires_at is None


def test_a_named_context_wins_over_the_current_one() -> None:
    document = kubeconfigs.document()
    document["clusters"].append({"name": "dev", "cluster": {"server": "https://dev.example"}})
    document["contexts"].append(
        {"name": "other", "context": {"cluster": "dev", "user": "deployer"}}
    )

    found = parse_kubeconfig(json.dumps(document), context="other")

    assert found.server == "https://dev.example:443"
    assert found.ca_pem == ""


def test_the_only_context_needs_no_name() -> None:
    document = kubeconfigs.document()
    del document["current-context"]

    assert parse_kubeconfig(json.dumps(document)).token == kubeconfigs.TOKEN


def test_an_unknown_context_names_those_there_are() -> None:
    with pytest.raises(AccessInvalid, match=r"contexts: no context 'nope'; there are: main"):
        parse_kubeconfig(kubeconfigs.text(), context="nope")


def test_what_tools_add_for_themselves_does_no_harm() -> None:
    document = kubeconfigs.document()
    document["preferences"] = {}
    document["extensions"] = [{"name": "x", "extension": {"exec": "no one reads this"}}]
    document["clusters"][0]["cluster"]["extensions"] = [{"name": "minikube", "extension": {}}]
    document["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = False
    document["contexts"][0]["context"]["namespace"] = "default"

    assert parse_kubeconfig(json.dumps(document)).token == kubeconfigs.TOKEN


@pytest.mark.parametrize(
    ("kind", "key", "value", "path"),
    [
        ("user", "tokken", "x", "users[0].user.tokken"),
        ("user", "token", ["x"], "users[0].user.token"),
        ("user", "token", "a\nb", "users[0].user.token"),
        ("user", "token", "a b", "users[0].user.token"),
        ("user", "token", "", "users[0].user.token"),
        ("user", "client-key-data", "AAAA", "users[0].user.client-key-data"),
        ("user", "client-certificate-data", "%%", "users[0].user.client-certificate-data"),
        ("cluster", "certificate-authority-data", "AAAA", "clusters[0].cluster.certificate-auth"),
        ("cluster", "server", "http://h", "clusters[0].cluster.server"),
        ("cluster", "server", None, "clusters[0].cluster.server"),
        ("cluster", "tls-server-name", "a b", "clusters[0].cluster.tls-server-name"),
        ("cluster", "insecure-skip-tls-verify", True, "clusters[0].cluster.insecure-skip"),
        ("context", "cluster", "nope", "contexts[0].context.cluster"),
        ("context", "user", "nope", "contexts[0].context.user"),
        ("context", "as", "x", "contexts[0].context.as"),
    ],
)
def test_an_error_names_the_key_by_its_path(kind: str, key: str, value: Any, path: str) -> None:
    text = kubeconfigs.spoiled(kind, key, value)

    with pytest.raises(AccessInvalid) as caught:
        parse_kubeconfig(text)

    assert caught.value.message.startswith(path)
    assert caught.value.field.startswith(path)
    assert caught.value.reason == "ClusterConfigMalformed"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "Secret"}, "kind"),
        ({"apiVersion": "v2"}, "apiVersion"),
        ({"clusters": {}}, "current-context|contexts|clusters"),
        ({"clusters": "x"}, "clusters"),
        ({"users": ["x"]}, r"users\[0\]"),
        ({"users": [{"name": ""}]}, r"users\[0\].name"),
        ({"users": [{"name": "a"}, {"name": "a"}]}, r"users\[1\].name"),
        ({"contexts": [], "current-context": "x"}, "current-context"),
        ({"current-context": ""}, None),
        ({"more": 1}, "more"),
    ],
)
def test_the_shape_of_the_file_is_checked(change: dict[str, Any], path: str | None) -> None:
    text = json.dumps({**kubeconfigs.document(), **change})

    if path is None:
        assert parse_kubeconfig(text).token
        return
    with pytest.raises(AccessInvalid, match=rf"^({path})"):
        parse_kubeconfig(text)


def test_an_access_made_by_hand_is_checked_as_well() -> None:
    with pytest.raises(AccessInvalid, match=r"^server: "):
        ClusterAccess(server="http://h", token="x")
    with pytest.raises(AccessInvalid, match=r"^ca_pem: "):
        ClusterAccess(server="https://h", token="x", ca_pem="junk")
    with pytest.raises(AccessInvalid, match=r"^token: want a token or a client certificate"):
        ClusterAccess(server="https://h")


def test_an_access_survives_being_taken_apart_and_put_together() -> None:
    access = parse_kubeconfig(
        kubeconfigs.with_certificate(kubeconfigs.authority().client(user="a"))
    )

    again = ClusterAccess(**dataclasses.asdict(access))

    assert again == access


def test_the_secrets_to_scrub_are_the_token_and_the_key() -> None:
    pair = kubeconfigs.authority().client(user="a")
    access = parse_kubeconfig(kubeconfigs.with_certificate(pair))

    assert access.secrets == (access.client_key_pem,)
    assert parse_kubeconfig(kubeconfigs.text()).secrets == (kubeconfigs.TOKEN,)
