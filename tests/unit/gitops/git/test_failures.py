"""What git says is turned into one error; what the server says is not believed.

Words that the test server can bring git to say are in test_remote.py and test_checkout.py; here are
those that want a full disk, a flaky network or another server.
"""

from __future__ import annotations

import errno

import pytest

from gitops.git import failures
from gitops.git.urls import RepositoryUrl

URL = RepositoryUrl.parse("https://git.example/fleet")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: write error: No space left on device", failures.DiskFull),
        ("fatal: Out of memory, malloc failed", failures.RepositoryTooLarge),
        ("fatal: Authentication failed for 'https://git.example/'", failures.AuthenticationFailed),
        ("error: Server does not allow request for unadvertised object a", failures.RefNotFound),
        (
            "fatal: unable to access 'https://git.example/': Operation too slow. Less than 1000",
            failures.RemoteTimeout,
        ),
        (
            "fatal: unable to access 'https://git.example/': Connection timed out",
            failures.RemoteTimeout,
        ),
        (
            "fatal: unable to access 'https://git.example/': SSL certificate problem: expired",
            failures.CertificateRefused,
        ),
        (
            "fatal: unable to access 'https://git.example/': Recv failure: Connection reset",
            failures.RemoteUnavailable,
        ),
        (
            "error: RPC failed; curl 18 closed\nfatal: early EOF",
            failures.RemoteUnavailable,
        ),
        ("fatal: the remote end hung up unexpectedly", failures.RemoteUnavailable),
        ("fatal: remote error: access denied or quota\nexceeded", failures.RequestRefused),
        ("fatal: Server does not support shallow clients", failures.UnsupportedRepository),
        ("fatal: pack is corrupted (SHA1 mismatch)", failures.CorruptRepository),
    ],
)
def test_words_of_git_have_a_meaning(said: str, kind: type[Exception]) -> None:
    found = failures.meaning(said, url=URL)

    assert type(found) is kind
    assert "https://git.example/fleet" in str(found)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "fatal: not a git repository: 'x'",
        "remote: No space left on device\nremote: Authentication failed",
    ],
)
def test_other_words_have_none(said: str) -> None:
    assert failures.meaning(said, url=URL) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_the_same_error_when_we_meet_it_ourselves(number: int) -> None:
    with pytest.raises(failures.DiskFull) as caught, failures.full_disk_told():
        raise OSError(number, "disk")

    assert caught.value.retryable
    assert caught.value.reason == "DiskFull"


def test_other_errors_of_the_system_are_not_taken_for_a_full_disk() -> None:
    with pytest.raises(PermissionError), failures.full_disk_told():
        raise PermissionError(errno.EACCES, "no")


def test_unknown_words_are_shown_in_one_line() -> None:
    found = failures.unexplained("hint: x\nfatal: what\x1b[31m now\nhint: y", url=URL)

    assert str(found) == "git could not read https://git.example/fleet: fatal: what [31m now"
