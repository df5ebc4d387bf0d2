"""A repository URL has one form, or is refused with a sentence that repeats no secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops.git.urls import InvalidUrl, RepositoryUrl, UrlPolicy
from tests.fakes.git_reader import OPEN


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("https://github.com/acme/fleet", "https://github.com/acme/fleet"),
        ("HTTPS://GitHub.com:443/acme/Fleet.git/", "https://github.com/acme/Fleet.git"),
        ("HTTPS://h", "https://h"),
        ("https://h/", "https://h"),
        ("https://h:8443/x", "https://h:8443/x"),
        ("https://[2606:4700:0::1]/x", "https://[2606:4700::1]/x"),
        ("https://8.8.8.8/x", "https://8.8.8.8/x"),
        ("https://dev.example/a/_git/My%20Project", "https://dev.example/a/_git/My%20Project"),
        ("https://h/%C3%BC", "https://h/%C3%BC"),
        ("https://h/group/-/x", "https://h/group/-/x"),
        ("https://xn--bcher-kva.example/~ada/x+y@z", "https://xn--bcher-kva.example/~ada/x+y@z"),
    ],
)
def test_an_accepted_url_is_written_in_one_form(text: str, normalised: str) -> None:
    assert str(RepositoryUrl.parse(text)) == normalised


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("github.com/acme/fleet", "has no scheme"),
        ("https:///x", "no readable host"),
        ("https://h:0/x", "between 1 and 65535"),
        ("https://h:65536/x", "between 1 and 65535"),
        ("https://h:99999999/x", "no readable host"),
        ("https://-h/x", "not a host name"),
        ("https://h_x/y", "not a host name"),
        ("https://h./x", "not a host name"),
        ("https://a..b/x", "not a host name"),
        ("https://" + "a." * 130 + "b/x", "not a host name"),
        ("https://[::1/x", "no readable host"),
        ("https://[1.2.3.4]/x", "not an IPv6"),
        ("https://[fe80::1%25eth0]/x", "no readable host"),
        ("https://0177.0.0.1/x", "not an IPv4"),
        ("https://2130706433/x", "not an IPv4"),
        ("https://0x7f.1/x", "not an IPv4"),
        ("https://0x7f000001/x", "not an IPv4"),
        ("https://127.1/x", "not an IPv4"),
        ("https://h/a//b", "empty, dot"),
        ("https://h/a/../b", "empty, dot"),
        ("https://h/%2e%2e/b", "hides"),
        ("https://h/a%2fb", "hides"),
        ("https://h/a%00b", "hides"),
        ("https://h/a%ff", "not UTF-8"),
        ("https://h/a%zz", "unreadable"),
        ("https://h/-x", "starts with -"),
        ("https://h/x?y=z", "query"),
        ("https://h/x#y", "query"),
        ("https://h/x y", "a space"),
        ("https://h/x\ny", "control character"),
        ("https://h/x\\y", "backslash"),
        ("https://bücher.example/x", "outside ASCII"),
        ("https://h/" + "x" * 3000, "longer than 2048"),
        ("http://h/x", "plain http, which is not allowed"),
        ("ftp://h/x", "scheme 'ftp', which is not supported"),
        ("ssh://git@h/x", "SSH, which is not supported yet"),
        ("git@github.com:acme/fleet.git", "SSH, which is not supported yet"),
        ("https::https://h/x", "remote helper"),
    ],
)
def test_anything_else_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(InvalidUrl, match=sentence):
        RepositoryUrl.parse(text)


@pytest.mark.parametrize(
    "text",
    ["https://ada:hunter22@h/x", "https://hunter22@h/x", "https://h/x?token=hunter22", "hunter22"],
)
def test_a_refusal_never_repeats_the_text(text: str) -> None:
    with pytest.raises(InvalidUrl) as refused:
        RepositoryUrl.parse(text)

    assert "hunter22" not in str(refused.value)


class TestPolicy:
    @pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "[::1]", "100.64.0.1"])
    def test_lets_private_addresses_in_only_when_told(self, host: str) -> None:
        text = f"https://{host}/x"

        assert str(RepositoryUrl.parse(text, policy=UrlPolicy(allow_private=True))) == text
        with pytest.raises(InvalidUrl) as refused:
            RepositoryUrl.parse(text)
        assert refused.value.reason == "AddressNotAllowed"

    @pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::]", "224.0.0.1"])
    def test_never_lets_metadata_and_their_like_in(self, host: str) -> None:
        with pytest.raises(InvalidUrl, match="not allowed"):
            RepositoryUrl.parse(f"https://{host}/x", policy=OPEN)

    def test_lets_plain_http_in_only_when_told(self) -> None:
        found = RepositoryUrl.parse("http://h:80/x", policy=UrlPolicy(allow_http=True))

        assert str(found) == "http://h/x"


class TestOrigin:
    @pytest.mark.parametrize(
        ("text", "origin"),
        [
            ("https://h/x", "https://h"),
            ("https://h:443/x", "https://h"),
            ("https://h:444/x", "https://h:444"),
            ("https://[2606:4700::1]:444/x", "https://[2606:4700::1]:444"),
        ],
    )
    def test_is_scheme_host_and_port(self, text: str, origin: str) -> None:
        assert RepositoryUrl.parse(text).origin == origin


_TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="htps:/@[]%.-0123456789abcdefx?#\\ \n", max_size=40).map("https://".__add__),
    st.from_regex(r"[a-z]{0,5}:{0,2}/{0,3}[^ ]{0,20}", fullmatch=True),
)


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_any_text_is_refused_or_is_its_own_normal_form(text: str) -> None:
    try:
        found = str(RepositoryUrl.parse(text, policy=OPEN))
    except InvalidUrl:
        return

    assert str(RepositoryUrl.parse(found, policy=OPEN)) == found
    assert found.isascii()
    assert found.isprintable()
    assert found.startswith(("https://", "http://"))
