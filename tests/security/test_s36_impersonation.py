"""S-36: without a user there is no impersonation, and then there is no request."""

from __future__ import annotations

import pytest

from federation.member.client import Impersonation
from projects.errors import Invalid


@pytest.mark.parametrize("user", ["", " ", "\t", "a\nb", "a\r\nX-A: x", " a", "ä", "a\x00"])
def test_a_user_that_is_empty_or_no_header_is_refused(user: str) -> None:
    with pytest.raises(Invalid):
        Impersonation(user=user)


@pytest.mark.parametrize("group", ["", " ", "a\nb", "\u2028"])
def test_a_group_that_is_empty_or_no_header_is_refused(group: str) -> None:
    with pytest.raises(Invalid):
        Impersonation(user="someone", groups=("fine", group))


def test_the_headers_always_name_the_user() -> None:
    user = "system:serviceaccount:shop:slipway"

    assert Impersonation(user=user).headers == [("Impersonate-User", user)]
    assert Impersonation(user=user, groups=("a b",)).headers[1] == ("Impersonate-Group", "a b")
