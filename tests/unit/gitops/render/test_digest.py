"""The digest of a set: the same for the same manifests, never a plain digest of secret content."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import pytest

from gitops.render import digest, objects

if TYPE_CHECKING:
    from gitops.render.values import RenderedObject


def make(
    name: str, *, kind: str = "ConfigMap", file: str = "a.yaml", **more: Any
) -> RenderedObject:
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **more}
    return objects.of_manifest(manifest, file=file, line=1)


def keyed(key: bytes, content: bytes) -> str:
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def test_order_file_and_spelling_do_not_matter() -> None:
    one = (make("a", data={"x": "1", "y": "2"}), make("b"))
    other = (make("b", file="z.yaml"), make("a", data={"y": "2", "x": "1"}))

    assert digest.digest(one) == digest.digest(other)
    assert digest.digest(one).startswith("sha256:")


def test_any_change_of_content_matters() -> None:
    base = digest.digest([make("a", data={"x": "1"})])

    assert digest.digest([make("a", data={"x": "2"})]) != base
    assert digest.digest([make("a", data={"x": 1})]) != base
    assert digest.digest([make("a", data={"x": "1"}), make("b")]) != base
    assert digest.digest([]) != base


def test_secret_values_enter_only_through_the_key() -> None:
    secret = make("a", kind="Secret", data={"password": "aHVudGVyMg=="})

    text = digest.canonical([secret], keyed=lambda content: keyed(b"one", content))

    assert b"aHVudGVyMg" not in text
    assert digest.digest([secret], keyed=lambda content: keyed(b"one", content)) != digest.digest(
        [secret], keyed=lambda content: keyed(b"two", content)
    )


@pytest.mark.parametrize("field", ["data", "stringData"])
def test_a_change_of_a_secret_value_changes_the_digest(field: str) -> None:
    def of(value: str) -> str:
        secret = make("a", kind="Secret", **{field: {"k": value}})
        return digest.digest([secret], keyed=lambda content: keyed(b"one", content))

    assert of("a") != of("b")
    assert of("a") == of("a")


def test_a_secret_without_a_key_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="needs a key"):
        digest.digest([make("a", kind="Secret")])
