"""Asking a server for a ref gives its commit, or says in one sentence why not."""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest

from gitops import git as room
from gitops.git import Credentials, GitRef, RepositoryUrl, UrlPolicy
from tests.fakes import git
from tests.fakes.git_reader import OPEN, Reader
from tests.realcluster.pki import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class TestHead:
    def test_is_the_commit_of_the_branch(self, reader: Reader, repository: git.Repository) -> None:
        repository.commit({"x": "1"}, branch="feature/x")

        assert reader.head() == repository.head("main")
        assert reader.head(GitRef(branch="feature/x")) == repository.head("feature/x")

    def test_is_the_commit_and_not_the_tag(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        first = repository.head()
        repository.tag("v1", message="annotated")
        repository.tag("v1-light")
        repository.commit({"x": "1"})

        assert reader.head(GitRef(tag="v1")) == first
        assert reader.head(GitRef(tag="v1-light")) == first

    def test_is_a_commit_itself_without_asking(
        self, reader: Reader, git_server: git.GitServer
    ) -> None:
        assert reader.head(GitRef(commit="a" * 40)) == "a" * 40
        assert git_server.requests == []

    def test_is_never_that_of_a_ref_with_the_same_ending(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        repository.git("update-ref", "refs/heads/x/refs/heads/dev", repository.head())

        with pytest.raises(room.RefNotFound):
            reader.head(GitRef(branch="dev"))

    @pytest.mark.parametrize(
        ("ref", "sentence"),
        [(GitRef(branch="nope"), "branch nope is not in"), (GitRef(tag="v9"), "tag v9 is not in")],
    )
    def test_is_refused_when_there_is_no_such_ref(
        self, reader: Reader, ref: GitRef, sentence: str
    ) -> None:
        with pytest.raises(room.RefNotFound, match=sentence):
            reader.head(ref)

    def test_is_refused_after_the_branch_was_deleted(
        self, reader: Reader, repository: git.Repository
    ) -> None:
        repository.commit({"x": "1"}, branch="gone")
        assert reader.head(GitRef(branch="gone"))
        repository.delete_branch("gone")

        with pytest.raises(room.RefNotFound):
            reader.head(GitRef(branch="gone"))

    def test_is_refused_for_a_sha256_repository(
        self, reader: Reader, git_server: git.GitServer
    ) -> None:
        other = git.Repository(path=git_server.directory / "new.git")
        other.path.mkdir()
        other.git("init", "--quiet", "--bare", "--object-format=sha256", "-b", "main", ".")
        other.commit({"a": "1"})

        with pytest.raises(room.UnsupportedRepository, match="SHA-256"):
            Reader(git_server, reader.directory, "new", reader.credentials).head()


class TestCredentials:
    def test_let_us_in(self, reader: Reader, git_server: git.GitServer) -> None:
        reader.head()

        assert all("authorization" in request.headers for request in git_server.requests)

    @pytest.mark.parametrize(
        "credentials",
        [
            Credentials(username="robot", password="wrong-password"),
            Credentials(bearer_token="wrong-token"),
            room.ANONYMOUS,
        ],
    )
    def test_that_are_wrong_or_missing_are_refused(
        self, reader: Reader, credentials: Credentials
    ) -> None:
        with pytest.raises(room.AuthenticationFailed, match="wants a credential"):
            reader.using(credentials).head()

    def test_may_be_a_bearer_token(self, tmp_path: Path) -> None:
        with git.serve(tmp_path / "git", token="token-1234") as server:
            made = git.Repository.create(server.directory, "fleet", url=server.url)
            commit = made.commit({"a": "1"})

            assert Reader.of(server, tmp_path).head() == commit

    def test_are_not_needed_for_a_public_repository(self, tmp_path: Path) -> None:
        with git.serve(tmp_path / "git") as server:
            commit = git.Repository.create(server.directory, "fleet").commit({"a": "1"})

            assert Reader(server, tmp_path).head() == commit
            assert all("authorization" not in request.headers for request in server.requests)


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind", "sentence"),
        [
            (git.Answer(status=500), room.RemoteUnavailable, "HTTP status 500"),
            (git.Answer(status=503), room.RemoteUnavailable, "HTTP status 503"),
            (git.Answer(status=429), room.RemoteUnavailable, "HTTP status 429"),
            (git.Answer(status=403), room.AuthenticationFailed, "wants a credential"),
            (git.Answer(status=404), room.RepositoryNotFound, "is not a repository there"),
            (git.Answer(status=410), room.RepositoryNotFound, "is not a repository there"),
            (git.Answer(status=200, text="<html>\n"), room.InvalidUrl, "not as a Git server"),
            (git.Redirect(to="http://h"), room.RedirectRefused, r"redirects .*\(302\)"),
            (git.Redirect(to="http://h", status=307), room.RedirectRefused, r"\(307\)"),
        ],
    )
    def test_of_the_server_have_each_their_word(
        self,
        reader: Reader,
        git_server: git.GitServer,
        fault: git.Fault,
        kind: type[Exception],
        sentence: str,
    ) -> None:
        git_server.fault = fault

        with pytest.raises(kind, match=sentence):
            reader.head()

    def test_a_server_that_never_answers_costs_no_more_than_the_timeout(
        self, reader: Reader, git_server: git.GitServer
    ) -> None:
        git_server.fault = git.Hang()
        before = time.monotonic()

        with pytest.raises(room.RemoteTimeout, match="did not finish its answer"):
            reader.head(timeout=1.0)

        assert time.monotonic() - before < 4

    def test_a_server_that_is_down_is_unavailable(self, tmp_path: Path, reader: Reader) -> None:
        with git.serve(tmp_path / "other") as server:
            gone = Reader(server, tmp_path)

        with pytest.raises(room.RemoteUnavailable, match="could not be reached"):
            gone.head()

    def test_a_name_nobody_knows_is_unavailable(self) -> None:
        with pytest.raises(room.HostNotFound):
            room.head(url=RepositoryUrl.parse("https://nope.invalid/x"), ref=GitRef())

    def test_a_missing_repository_is_not_found(self, reader: Reader) -> None:
        missing = Reader(reader.server, reader.directory, "nope", reader.credentials)

        with pytest.raises(room.RepositoryNotFound):
            missing.head()


class TestAddresses:
    def test_are_looked_up_by_us_and_git_is_held_to_them(
        self, reader: Reader, repository: git.Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def answer(host: str, port: int, **_: object) -> list[Any]:
            assert host == "git.invalid"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        text = str(reader.url).replace("127.0.0.1", "git.invalid")

        found = room.head(
            url=RepositoryUrl.parse(text, policy=OPEN),
            ref=GitRef(),
            credentials=reader.credentials,
            policy=OPEN,
        )

        assert found == repository.head()

    def test_inside_are_refused_before_any_connection(
        self, reader: Reader, git_server: git.GitServer
    ) -> None:
        text = str(reader.url).replace("127.0.0.1", "localhost")
        policy = UrlPolicy(allow_http=True)

        with pytest.raises(room.AddressNotAllowed, match="localhost resolves to"):
            room.head(url=RepositoryUrl.parse(text, policy=policy), ref=GitRef(), policy=policy)

        assert git_server.requests == []

    def test_that_the_policy_no_longer_allows_are_refused(self, reader: Reader) -> None:
        with pytest.raises(room.InvalidUrl, match="plain http, which is not allowed"):
            room.head(url=reader.url, ref=GitRef(), credentials=reader.credentials)


class TestTls:
    @pytest.fixture
    def authority(self) -> Authority:
        return Authority()

    @pytest.fixture
    def secure(self, authority: Authority, tmp_path: Path) -> Iterator[git.GitServer]:
        """Serve one repository over https."""
        pair = authority.server()
        (tmp_path / "server.pem").write_text(pair.cert_pem + pair.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "server.pem")
        with git.serve(tmp_path / "tls", username="u", password="password", tls=context) as server:
            git.Repository.create(server.directory, "fleet").commit({"a": "1"})
            yield server

    def test_is_trusted_by_the_ca_of_the_secret(
        self, secure: git.GitServer, authority: Authority, tmp_path: Path
    ) -> None:
        payload = {"username": "u", "password": "password", "caFile": authority.pem}
        reader = Reader(secure, tmp_path, credentials=Credentials.from_secret(payload))

        assert reader.read() == {"a": b"1"}

    def test_is_refused_without_it(self, secure: git.GitServer, tmp_path: Path) -> None:
        reader = Reader.of(secure, tmp_path)

        with pytest.raises(room.CertificateRefused, match="certificate") as refused:
            reader.head()

        assert secure.requests == []
        assert "pem" not in str(refused.value)
