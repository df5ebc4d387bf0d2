"""Reading a kubeconfig text: what is a tree, and what is refused with its line."""

from __future__ import annotations

import pytest

from federation.member import documents
from federation.member.errors import AccessInvalid


def test_scalars_stay_as_they_are_written() -> None:
    text = "token: 0123\nserver: https://h\nport: 0x1F\ndate: 2024-01-01\nnorway: no\n"

    found = documents.read(text)

    assert found == {
        "token": "0123",
        "server": "https://h",
        "port": "0x1F",
        "date": "2024-01-01",
        "norway": "no",
    }


def test_null_and_booleans_are_told_from_texts() -> None:
    text = 'a: null\nb: ~\nc:\nd: true\ne: false\nf: "true"\ng: ""\n'

    found = documents.read(text)

    expected = {"a": None, "b": None, "c": None, "d": True, "e": False, "f": "true", "g": ""}
    assert found == expected


def test_nested_lists_and_mappings_are_kept() -> None:
    text = "users:\n- name: a\n  user: {token: x}\n- {name: b, user: {}}\nlist: [1, [2, []]]\n"

    found = documents.read(text)

    assert found == {
        "users": [{"name": "a", "user": {"token": "x"}}, {"name": "b", "user": {}}],
        "list": ["1", ["2", []]],
    }


def test_json_is_read_too() -> None:
    assert documents.read('{"a": {"b": ["c", null]}}') == {"a": {"b": ["c", None]}}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: &anchor 2\n", 2),
        ("a: 1\nb: *anchor\n", 2),
        ("a: !!python/object/apply:os.system [id]\n", 1),
        ("a: 1\nb:\n  c: !!str 2\n", 3),
        ("a: 1\nb: 2\na: 3\n", 3),
        ("a: 1\n? [x]\n: 2\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\nb: [\n", 3),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 1\nnull: 2\n", 2),
    ],
)
def test_what_is_not_plain_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(AccessInvalid, match=rf"^kubeconfig: line {line}: "):
        documents.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "[1, 2]",
        "a: \x00",
        "a: \ud800",
        "a: " + "x" * documents.LONGEST,
    ],
)
def test_what_is_no_kubeconfig_at_all_is_refused(text: str) -> None:
    with pytest.raises(AccessInvalid, match=r"^kubeconfig: "):
        documents.read(text)


def test_depth_is_bounded_before_anything_recurses() -> None:
    text = "a: " + "[" * 100_000

    with pytest.raises(AccessInvalid, match="levels"):
        documents.read(text)


def test_a_syntax_error_does_not_quote_the_text() -> None:
    text = "users:\n- name: a\n  user:\n    token: s3cr3t-canary: {\n"

    with pytest.raises(AccessInvalid) as caught:
        documents.read(text)

    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
