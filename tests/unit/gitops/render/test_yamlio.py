"""The YAML reader: what it takes, what it refuses and how it says so."""

from __future__ import annotations

import time
from typing import Any

import pytest

from gitops.render import events, nodes, yamlio
from gitops.render.yamlio import YamlError
from projects.kube.conditions import Reason


def read(text: str) -> Any:
    return yamlio.load(text.encode(), file="a.yaml")


def test_documents_know_their_number_and_first_line() -> None:
    text = "# a comment\na: 1\n---\n\n# only a comment\n---\n\n\nb:\n- 2\n"

    found = yamlio.load_all(text.encode(), file="a.yaml")

    assert [(document.index, document.line, document.value) for document in found] == [
        (1, 2, {"a": 1}),
        (2, 3, None),
        (3, 9, {"b": [2]}),
    ]


def test_the_lines_of_a_lists_items_are_known() -> None:
    text = "kind: List\nitems:\n- a: 1\n-\n  b: [{c: 1}]\n"

    (found,) = yamlio.load_all(text.encode(), file="a.yaml")

    assert found.item_lines == (3, 5)


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# nothing\n", "---\n", "---\n---\n", "null\n", "\ufeff"]
)
def test_a_file_without_content_reads_as_nothing(text: str) -> None:
    assert read(text) is None


def test_a_second_document_is_refused_where_one_is_wanted() -> None:
    with pytest.raises(YamlError, match=r"a\.yaml:3: a second document"):
        read("a: 1\n---\nb: 2\n")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 5, "duplicate key 'c'; write it once"),
        ('1: a\n"1": b\n', 2, "duplicate key '1'"),
        ("a: 1\n<<: {a: 2}\n", 2, "'<<' would replace the key 'a' before it; put '<<' first"),
        ("<<: 3\n", 1, "'<<' merges a mapping or a list of mappings only"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "the tag 'tag:yaml.org,2002:python/object"),
        ("a: !mine {b: 1}\n", 1, "the tag '!mine'; want none or !!map"),
        ("a: !!set {b}\n", 1, "want none or !!map"),
        ("a: !!binary aGVsbG8=\n", 1, "want none or !!str, !!int"),
        ("a: !!map b\n", 1, "want none or !!str"),
        ("a: *b\n", 1, "unknown anchor 'b'; define it above"),
        ("a: &a {b: *a}\n", 1, "the anchor 'a' contains itself"),
        ("? [a]\n: b\n", 1, "a mapping or list as a key; want text"),
        ("a: &a [1]\n? *a\n: 1\n", 2, "a mapping or list as a key; want text"),
        ("~: a\n", 1, "a mapping key is empty or null"),
        ("a: .nan\n", 1, "not-a-number"),
        ('a: "\\0"\n', 1, "a NUL character"),
        ("a: \x01\n", 1, "want printable characters"),
        ("a: b: c\n", 1, "not YAML"),
        ("a:\n  - b\n c: d\n", 3, "not YAML"),
        ("a: [1, 2\n", 2, "not YAML"),
        ("a: @b\n", 1, "not YAML"),
        ("%YAML 3.0\n---\na: 1\n", 1, "not YAML"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(YamlError) as caught:
        read(text)

    assert problem in caught.value.message
    assert caught.value.line == line
    assert caught.value.message.startswith(f"a.yaml:{line}: ")
    assert caught.value.reason == Reason.MANIFEST_INVALID


def test_a_fault_in_a_later_document_names_the_document() -> None:
    with pytest.raises(YamlError, match=r"^a\.yaml:5: duplicate key 'b'.*\(document 2\)$"):
        yamlio.load_all(b"a: 1\n---\nb: 1\nc: 2\nb: 3\n", file="a.yaml")


def test_a_value_is_never_part_of_a_message() -> None:
    with pytest.raises(YamlError) as caught:
        read("password: !!int hunter2\n")

    assert "hunter2" not in caught.value.message


def test_bytes_that_are_not_utf8_are_refused_with_their_line() -> None:
    with pytest.raises(YamlError, match=r"a\.yaml:2: not UTF-8"):
        yamlio.load_all(b"a: 1\nb: \xff\n", file="a.yaml")


def test_merges_work_as_in_kubernetes() -> None:
    text = (
        "x: &x {a: 1, b: 2}\none: {<<: *x, a: 9}\nz: {<<: [*x, {a: 5, c: 6}]}\nq: {'<<': {a: 1}}\n"
    )

    found = read(text)

    assert found["one"] == {"a": 9, "b": 2}
    assert found["z"] == {"a": 1, "b": 2, "c": 6}
    assert found["q"] == {"<<": {"a": 1}}


def test_an_alias_is_a_copy() -> None:
    found = read("a: &a {b: [1]}\nc: *a\n")
    found["a"]["b"].append(2)

    assert found["c"] == {"b": [1]}


def test_an_anchored_key_keeps_its_type_as_a_value() -> None:
    assert read("&k 1: a\nb: *k\n") == {"1": "a", "b": 1}


def test_what_aliases_stand_for_is_counted() -> None:
    text = "a: &a " + "x" * 1000 + "\nb: [" + ",".join(["*a"] * 10) + "]\n"

    (found,) = yamlio.load_all(text.encode(), file="a.yaml")

    assert found.aliased == 10 * (1000 + nodes.NODE_WEIGHT)


def test_depth_ends_at_the_limit() -> None:
    deepest = yamlio.MAX_DEPTH

    assert read("[" * deepest + "]" * deepest) is not None
    assert read('{"a":' * deepest + "1" + "}" * deepest) is not None
    with pytest.raises(YamlError, match="deeper than 100"):
        read("[" * (deepest + 1) + "]" * (deepest + 1))
    with pytest.raises(YamlError, match="deeper than 100"):
        read('{"a":' * (deepest + 1) + "1" + "}" * (deepest + 1))


def test_depth_through_aliases_ends_at_the_limit() -> None:
    lines = ["a0: &a0 [x]\n"]
    lines += [f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, yamlio.MAX_DEPTH)]

    with pytest.raises(YamlError, match="by an alias"):
        read("".join(lines))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1.0, "b": 1e3, "c": 1.5, "d": true}', {"a": 1, "b": 1000, "c": 1.5, "d": True}),
        ('{"a": 18446744073709551616}', {"a": 18446744073709551616.0}),
        ('\n\n {"a": "\\ud83d\\ude00\\/"}\n', {"a": "😀/"}),
        ('{"' + "k" * 2000 + '": 1}', {"k" * 2000: 1}),
        ("{a: yes, b: [1,]}", {"a": True, "b": [1]}),
        ('{\n\t"a": "x\\ty"\n}', {"a": "x\ty"}),
    ],
)
def test_json_and_what_looks_like_it_is_read(text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1,\n "a": 2}',
        '{"a": NaN}{',
        '{"a": "\\ud800"}',
        '{"a": "\\u0000"}',
        '{"\\u0000": 1}',
        '{"a": 1} {"b": 2}',
        '{"a": ' + "[" * 5000,
    ],
)
def test_json_that_kubernetes_could_not_keep_is_refused(text: str) -> None:
    with pytest.raises(YamlError, match=r"^a\.yaml:\d+: "):
        read(text)


def test_a_thousand_objects_are_read_in_a_moment() -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {b: c}}\ndata:\n  k: v\n"
    text = "---\n".join([one] * 1000)

    started = time.perf_counter()
    found = yamlio.load_all(text.encode(), file="a.yaml")

    # 0.1 s here; the pure Python loader would need more than a second.
    assert time.perf_counter() - started < 2
    assert len(found) == 1000


def test_aliases_end_at_the_limit() -> None:
    long = (
        "a: &a " + "x" * 1000 + "\nb: [" + ",".join(["*a"] * (events.MAX_ALIASED // 1000)) + "]\n"
    )

    with pytest.raises(YamlError, match="aliases stand for more than"):
        read(long)
