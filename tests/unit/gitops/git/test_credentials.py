"""Credentials come from the payload of a Secret and show themselves to nobody but git."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops.git.credentials import ANONYMOUS, Credentials, SecretInvalid
from projects.kube import masking
from tests.realcluster.pki import Authority

PASSWORD = "hunter22-hunter22-hunter22"


class TestFromSecret:
    def test_reads_a_user_name_and_password(self) -> None:
        found = Credentials.from_secret({"username": "ada", "password": PASSWORD})

        pair = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
        assert found.header == f"Authorization: Basic {pair}"

    def test_reads_a_bearer_token(self) -> None:
        found = Credentials.from_secret({"bearerToken": "token-1234"})

        assert found.header == "Authorization: Bearer token-1234"

    @pytest.mark.parametrize("key", ["caFile", "ca.crt"])
    def test_reads_a_ca_alone(self, key: str) -> None:
        pem = Authority().pem

        found = Credentials.from_secret({key: pem})

        assert found.ca_pem == pem
        assert found.header == ""

    @pytest.mark.parametrize(
        ("payload", "sentence"),
        [
            ({}, "none of the keys"),
            ({"password": ""}, "none of the keys"),
            ({"something": "else"}, "none of the keys"),
            ({"username": "ada"}, "key password is missing"),
            ({"username": "ada", "password": f"{PASSWORD}\n"}, "key password: holds a line break"),
            ({"username": "a:b", "password": PASSWORD}, "key username: holds a colon"),
            ({"bearerToken": f"a b{PASSWORD}"}, "key bearerToken: holds a space"),
            ({"bearerToken": f"{PASSWORD}\r\nX: y"}, "key bearerToken: holds a line break"),
            ({"bearerToken": "a", "username": "b", "password": PASSWORD}, "both set"),
            ({"username": "ada", "password": PASSWORD * 2000}, "key password: is longer"),
            ({"username": "ada", "password": f"{PASSWORD}\ud800"}, "key password: is not UTF-8"),
            ({"identity": PASSWORD}, "key identity: SSH keys are not supported yet"),
            ({"tls.key": PASSWORD}, r"key tls\.key: client certificates are not supported"),
            ({"caFile": PASSWORD}, "key caFile: is not a list of PEM certificates"),
            ({"caFile": "a", "ca.crt": "b"}, "both set"),
            ({"caFile": f"-----BEGIN PRIVATE KEY-----\n{PASSWORD}"}, "holds a private key"),
        ],
    )
    def test_names_the_key_and_never_its_value(
        self, payload: dict[str, str], sentence: str
    ) -> None:
        with pytest.raises(SecretInvalid, match=sentence) as refused:
            Credentials.from_secret(payload)

        assert PASSWORD not in str(refused.value)

    @settings(max_examples=60, deadline=None)
    @given(st.dictionaries(st.sampled_from(["username", "password", "bearerToken"]), st.text()))
    def test_raises_nothing_else_and_makes_one_line(self, payload: dict[str, str]) -> None:
        try:
            found = Credentials.from_secret(payload)
        except SecretInvalid:
            return

        assert len(found.header.splitlines()) == 1


class TestCredentials:
    def test_show_nothing_of_themselves(self) -> None:
        found = Credentials(username="ada", password=PASSWORD, ca_pem="pem")

        assert PASSWORD not in repr(found)
        assert PASSWORD not in str(found)
        assert repr(found) == "Credentials(basic)"
        assert repr(ANONYMOUS) == "Credentials(anonymous)"

    @pytest.mark.parametrize(
        "found",
        [
            Credentials(username="ada", password=PASSWORD),
            Credentials(bearer_token=PASSWORD),
            Credentials(username=PASSWORD, password="x-oauth-basic"),
        ],
    )
    def test_name_all_that_is_to_be_scrubbed(self, found: Credentials) -> None:
        said = f"{found.header} {PASSWORD} {base64.b64encode(PASSWORD.encode()).decode()}"

        scrubbed = masking.scrub(said, found.secrets)

        assert PASSWORD not in scrubbed
        assert found.header not in scrubbed
        assert base64.b64encode(PASSWORD.encode()).decode() not in scrubbed

    def test_leave_ordinary_user_names_readable(self) -> None:
        assert "main" not in Credentials(username="main", password=PASSWORD).secrets


def test_a_token_as_the_password_needs_no_user_name() -> None:
    found = Credentials.from_secret({"password": PASSWORD})

    assert found == Credentials.from_secret({"username": "git", "password": PASSWORD})
