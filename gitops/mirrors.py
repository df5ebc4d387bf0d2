"""The mirror of a GitRepository on this worker's disk, and what opens the repository.

One bare mirror a row, never shared between rows. This is the one place of gitops where a Secret is
opened, for fetching. What URLs and refs may be is decided in gitops.git; which commit is wanted,
by the caller.
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from gitops.git import checkout, refs, urls
from gitops.git.credentials import ANONYMOUS, Credentials, SecretInvalid
from gitops.git.fetching import FetchLimits
from gitops.models import GitRepository
from gitops.operations import checks
from projects.errors import NotFound
from projects.kube.conditions import Reason
from projects.operations import secrets

# No fetch or render takes this long, so what is older belongs to nobody.
_LEFTOVER_SECONDS = 3600.0


def mirror_of(repository: GitRepository) -> checkout.Mirror:
    """The bare mirror of one GitRepository on this worker's disk; never shared between rows."""
    work_directory().mkdir(mode=0o700, parents=True, exist_ok=True)
    return checkout.Mirror(_mirrors() / f"{repository.uid}.git", work_directory=work_directory())


def fetch_commit(repository: GitRepository, mirror: checkout.Mirror, commit: str) -> None:
    mirror.fetch(
        url=urls.RepositoryUrl.parse(repository.url, policy=checks.url_policy()),
        ref=ref_of(repository),
        commit=commit,
        credentials=credentials(repository),
        policy=checks.url_policy(),
        limits=FetchLimits(),
        timeout=settings.SLIPWAY["FETCH_SECONDS"],
    )


def ref_of(repository: GitRepository) -> refs.GitRef:
    ref = refs.GitRef(branch=repository.branch, tag=repository.tag, commit=repository.commit)
    ref.check()
    return ref


def credentials(repository: GitRepository) -> Credentials:
    """Open the Secret a GitRepository names.

    Raises: NotFound, SecretInvalid.
    """
    if not repository.secret_name:
        return ANONYMOUS
    secret = repository.project.secrets.filter(name=repository.secret_name).first()
    if secret is None:
        raise NotFound(
            f"secret {repository.secret_name!r} is not in project {repository.project.name!r}",
            reason=Reason.SECRET_NOT_FOUND,
        )
    try:
        return Credentials.from_secret(secrets.open_payload(secret))
    except SecretInvalid as error:
        raise SecretInvalid(f"secret {secret.name!r}: {error.message}") from error


def tidy_disk() -> None:
    """Remove what killed workers left behind, and mirrors of repositories that are gone."""
    checkout.sweep(work_directory(), older_than=_LEFTOVER_SECONDS)
    found = {path.name.removesuffix(".git"): path for path in _mirrors().glob("*.git")}
    known = {str(uid) for uid in GitRepository.objects.values_list("uid", flat=True)}
    for uid in found.keys() - known:
        checkout.Mirror(found[uid]).drop()


def work_directory() -> Path:
    """Where private copies of commits are made; a tmpfs makes rendering quicker."""
    return Path(settings.SLIPWAY["DATA_DIR"]) / "work"


def _mirrors() -> Path:
    return Path(settings.SLIPWAY["DATA_DIR"]) / "mirrors"
