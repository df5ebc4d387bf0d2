"""S-30: a kubeconfig never makes us read a file; key material is text, parsed and written anew."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from federation.member.credentials import AccessInvalid, ClusterAccess, parse_kubeconfig
from tests.fakes import kubeconfigs

if TYPE_CHECKING:
    from pathlib import Path

PATHS = [
    ("user", "tokenFile", "use token"),
    ("user", "client-certificate", "use client-certificate-data"),
    ("user", "client-key", "use client-key-data"),
    ("cluster", "certificate-authority", "use certificate-authority-data"),
]


@pytest.mark.parametrize(("kind", "key", "instead"), PATHS)
@pytest.mark.parametrize("second", [False, True])
def test_a_file_is_refused_with_what_to_use_instead(
    tmp_path: Path, kind: str, key: str, instead: str, second: bool
) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cr3t-canary")
    text = kubeconfigs.spoiled(kind, key, str(file), second=second)

    with pytest.raises(AccessInvalid) as caught:
        parse_kubeconfig(text)

    assert caught.value.field == f"{kind}s[{int(second)}].{kind}.{key}"
    assert instead in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("name", ["ca_pem", "client_cert_pem", "client_key_pem"])
def test_a_path_in_the_place_of_key_material_is_not_opened(name: str) -> None:
    with pytest.raises(AccessInvalid, match=f"^{name}: |^client_key_pem: "):
        ClusterAccess(server="https://cluster.example", token="x", **{name: "/etc/hostname"})


def test_nothing_travels_along_with_key_material() -> None:
    pair = kubeconfigs.authority().client(user="deployer")
    document = json.loads(kubeconfigs.with_certificate(pair))
    user = document["users"][0]["user"]
    user["client-certificate-data"] = kubeconfigs.encoded(f"# canary\n{pair.cert_pem}\ncanary")
    user["client-key-data"] = kubeconfigs.encoded(f"canary\n{pair.key_pem}")

    found = parse_kubeconfig(json.dumps(document))

    assert "canary" not in found.client_cert_pem + found.client_key_pem
    assert found.client_cert_pem == pair.cert_pem


def test_a_key_in_the_place_of_the_authority_is_refused() -> None:
    pair = kubeconfigs.authority().client(user="deployer")
    text = kubeconfigs.spoiled(
        "cluster", "certificate-authority-data", kubeconfigs.encoded(pair.key_pem)
    )

    with pytest.raises(AccessInvalid, match="not a PEM certificate") as caught:
        parse_kubeconfig(text)

    assert "PRIVATE" not in str(caught.value)
