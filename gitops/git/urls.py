"""The URL of a Git repository: read strictly, written back in one form.

In: text a person typed, or a row that may have been forged. Out: a RepositoryUrl whose str() is
safe to hand to git: known scheme, plain host, no credentials, no query, nothing that git or curl
could read as an option, a helper or a second line. Nothing is looked up; see gitops.git.addresses.

SSH URLs and the short form user@host:path are recognised and refused until SSH is served; `user`
is the field they will fill. Messages never repeat the text: it may hold a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from gitops.git import addresses
from projects.errors import Invalid
from projects.kube.conditions import Reason

LONGEST_URL = 2048
_DEFAULT_PORTS = {"https": 443, "http": 80}
_WANT = "want https://host/path"

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?(?P<extra>[?#].*)?"
)
_SHORT_SSH = re.compile(r"(?:[^/:@]+@)?[^/:@]+:[^:].*")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TEXT = re.compile(r"[!#-&(-;=?-\[\]_a-z~]+")  # visible ASCII without \ " ' < > ^ ` { | }
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=:@-]|%[0-9A-Fa-f]{2})+")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


class InvalidUrl(Invalid):
    """The text is not a repository URL that is followed."""

    default_reason = Reason.INVALID_URL


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlPolicy:
    """What the operator allows beyond https to public addresses."""

    allow_http: bool = False
    allow_private: bool = False


DEFAULT_POLICY = UrlPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryUrl:
    """A checked URL; made by parse()."""

    scheme: str
    host: str
    port: int
    path: str = ""
    user: str = ""

    @classmethod
    def parse(cls, text: str, *, policy: UrlPolicy = DEFAULT_POLICY) -> RepositoryUrl:
        """Read a repository URL.

        Raises: InvalidUrl naming what is wrong and what would be accepted.
        """
        match = _URL.fullmatch(_checked(text))
        if match is None:
            raise _no_url(text)
        scheme = match["scheme"].lower()
        _check_scheme(scheme, policy)
        if "@" in match["authority"]:
            raise InvalidUrl(
                "the URL holds a user name or password; put them into a Secret and name it instead"
            )
        if match["extra"]:
            raise InvalidUrl(f"the URL has a query or a fragment; {_WANT}")
        host, port = _host_and_port(match["authority"], default=_DEFAULT_PORTS[scheme])
        _check_address(host, policy)
        return cls(scheme=scheme, host=host, port=port, path=_path(match["path"] or ""))

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a credential is bound to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"


def _checked(text: str) -> str:
    if not text:
        raise InvalidUrl(f"the URL is empty; {_WANT}")
    if len(text) > LONGEST_URL:
        raise InvalidUrl(f"the URL is longer than {LONGEST_URL} characters")
    if not _TEXT.fullmatch(text):
        if not text.isascii() and text.isprintable():
            raise InvalidUrl("the URL holds letters outside ASCII; write them as %XX or xn--")
        raise InvalidUrl("the URL holds a space, a control character, a quote or a backslash")
    return text


def _no_url(text: str) -> InvalidUrl:
    if "::" in text:
        return InvalidUrl(f"the URL names a remote helper (name::); {_WANT}")
    if _SHORT_SSH.fullmatch(text) and not text.startswith(("/", ".", "-")):
        return _no_ssh()
    return InvalidUrl(f"the URL has no scheme; {_WANT}")


def _no_ssh() -> InvalidUrl:
    return InvalidUrl(f"the URL is one of SSH, which is not supported yet; {_WANT}")


def _check_scheme(scheme: str, policy: UrlPolicy) -> None:
    if scheme in ("ssh", "git+ssh", "ssh+git"):
        raise _no_ssh()
    if scheme == "http" and not policy.allow_http:
        raise InvalidUrl(f"the URL is plain http, which is not allowed here; {_WANT}")
    if scheme not in _DEFAULT_PORTS:
        raise InvalidUrl(f"the URL has scheme {scheme[:20]!r}, which is not supported; {_WANT}")


def _host_and_port(authority: str, *, default: int) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise InvalidUrl(f"the URL has no readable host and port; {_WANT}")
    port = int(match["port"]) if match["port"] else default
    if not 1 <= port <= 65535:
        raise InvalidUrl("the port of the URL is not between 1 and 65535")
    return _host(match["host"].lower()), port


def _host(host: str) -> str:
    if host.startswith("["):
        address = addresses.literal(host[1:-1])
        if address is None or address.version != 6:
            raise InvalidUrl("the host of the URL is not an IPv6 address")
        return str(address)
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrl("the host of the URL is not a host name")
    # curl reads 0177.1, 2130706433 and 0x7f.1 as addresses; only the plain form is one here.
    if _NUMERIC.fullmatch(labels[-1]) and addresses.literal(host) is None:
        raise InvalidUrl("the host of the URL is a number but not an IPv4 address a.b.c.d")
    return host


def _check_address(host: str, policy: UrlPolicy) -> None:
    address = addresses.literal(host)
    if address is None:
        return
    why = addresses.problem(address, allow_private=policy.allow_private)
    if why:
        raise InvalidUrl(
            f"the host of the URL is not allowed: {why}", reason=Reason.ADDRESS_NOT_ALLOWED
        )


def _path(path: str) -> str:
    segments = path.removeprefix("/").removesuffix("/").split("/")
    if segments == [""]:
        return ""
    for segment in segments:
        if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
            raise InvalidUrl("the path of the URL has an empty, dot or unreadable part")
        _check_escapes(segment)
    if segments[0].startswith("-"):
        raise InvalidUrl("the path of the URL starts with -")
    return "/" + "/".join(segments)


def _check_escapes(segment: str) -> None:
    """Allow %20 and letters of other scripts; refuse what would change lines, parts or climb."""
    for escape in _ESCAPE.findall(segment):
        try:
            decoded = unquote_to_bytes(escape).decode()
        except UnicodeDecodeError as error:
            raise InvalidUrl("the path of the URL has %XX forms that are not UTF-8") from error
        if not decoded.isprintable() or any(char in "./\\%" for char in decoded):
            raise InvalidUrl("the path of the URL hides a control character, dot or slash in %XX")
