"""A ref is a name that git reads as a name."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops.git.refs import GitRef, InvalidRef

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("ref", "full_name", "name", "revision"),
    [
        (GitRef(), "refs/heads/main", "main", f"main@sha1:{COMMIT}"),
        (GitRef(branch="a/b"), "refs/heads/a/b", "a/b", f"a/b@sha1:{COMMIT}"),
        (GitRef(tag="v1.0.0"), "refs/tags/v1.0.0", "v1.0.0", f"v1.0.0@sha1:{COMMIT}"),
        (GitRef(commit=COMMIT), "", "0123456789ab", f"sha1:{COMMIT}"),
    ],
)
def test_a_ref_has_names_for_git_and_for_people(
    ref: GitRef, full_name: str, name: str, revision: str
) -> None:
    ref.check()

    assert (ref.full_name, ref.name, ref.revision(COMMIT)) == (full_name, name, revision)


@pytest.mark.parametrize(
    ("ref", "sentence"),
    [
        (GitRef(branch="a", tag="b"), "names branch and tag"),
        (GitRef(tag="b", commit=COMMIT), "names tag and commit"),
        (GitRef(branch="-q"), "branch '-q'"),
        (GitRef(tag="v1^{}"), "tag"),
        (GitRef(branch="refs/heads/main"), "full ref name"),
        (GitRef(branch="a.lock"), "lock"),
        (GitRef(branch="a/.b"), "starting with a dot"),
        (GitRef(branch="a."), "ends with a dot"),
        (GitRef(branch="a/"), "empty part"),
        (GitRef(commit=COMMIT[:12]), "not a full commit id"),
        (GitRef(commit=COMMIT.upper()), "not a full commit id"),
        (GitRef(commit=COMMIT + "\n"), "not a full commit id"),
        (GitRef(branch="main\n"), "characters"),
    ],
)
def test_anything_else_is_refused_by_field(ref: GitRef, sentence: str) -> None:
    with pytest.raises(InvalidRef, match=sentence):
        ref.check()


_NAMES = st.text(alphabet="aZ0._/-@{}~^: lock", min_size=1, max_size=12) | st.text(max_size=30)


@settings(max_examples=60, deadline=None)
@given(_NAMES)
def test_every_accepted_branch_is_one_for_git_too(name: str) -> None:
    ref = GitRef(branch=name)
    try:
        ref.check()
    except InvalidRef:
        return

    done = subprocess.run(["git", "check-ref-format", ref.full_name], check=False)
    assert done.returncode == 0, name


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_as_a_commit_raises_nothing_else(text: str) -> None:
    try:
        GitRef(commit=text).check()
    except InvalidRef:
        return

    assert text == "" or len(text) == 40
