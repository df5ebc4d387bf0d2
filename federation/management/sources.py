"""What is written into a source at the command line: options in, a SourceSpec out.

Options that were not given keep what the source has (`source set`) or take SourceSpec's defaults
(`source add`).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from federation.management import arguments, cli
from gitops.operations import sources
from gitops.operations.sources import EVERYWHERE, SourceSpec

if TYPE_CHECKING:
    from gitops.models import Kustomization


def add_name(parser: argparse.ArgumentParser) -> None:
    """Declare PROJECT and NAME."""
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("name", metavar="NAME")


def add_spec(parser: argparse.ArgumentParser, *, url_required: bool) -> None:
    """Declare what a source is made of."""
    parser.add_argument(
        "--url",
        required=url_required,
        help="https:// address of the repository, without credentials",
    )
    ref = parser.add_mutually_exclusive_group()
    ref.add_argument("--branch", help="follow this branch (default: main)")
    ref.add_argument("--tag", help="this tag")
    ref.add_argument("--commit", help="this commit, whatever branches do")
    parser.add_argument("--path", help="the directory of the manifests (default: the root)")
    parser.add_argument(
        "--secret", metavar="SECRET", help='the secret that opens the repository; "" is none'
    )
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        type=arguments.positive,
        help="how often to look; default 60",
    )
    parser.add_argument(
        "--prune",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="delete what leaves the repository (default: yes)",
    )
    parser.add_argument(
        "--adopt",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="take over objects that exist and belong to nobody (default: no)",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--cluster", metavar="CLUSTER", action="append", help="to this cluster; repeatable"
    )
    where.add_argument(
        "--selector",
        metavar="KEY=VALUE",
        type=arguments.label,
        action="append",
        help="to clusters with this label; repeated ones must all hold",
    )
    where.add_argument(
        "--everywhere", action="store_true", help="to every attached cluster (the default)"
    )


def spec(options: cli.Options, *, before: SourceSpec) -> SourceSpec:
    """The spec after the given options."""
    given: dict[str, Any] = {
        "url": options.url,
        "path": options.path,
        "secret_name": options.secret,
        "interval": options.interval,
        "prune": options.prune,
        "adopt": options.adopt,
        "placement": _placement(options),
    }
    refs = {"branch": options.branch, "tag": options.tag, "commit": options.commit}
    if any(value is not None for value in refs.values()):
        given |= {kind: value or "" for kind, value in refs.items()}
    return replace(before, **{key: value for key, value in given.items() if value is not None})


def spec_of(source: Kustomization) -> SourceSpec:
    """The spec a source has now.

    Raises: Invalid when it has no GitRepository.
    """
    repository = sources.repository_of(source)
    return SourceSpec(
        url=repository.url,
        branch=repository.branch,
        tag=repository.tag,
        commit=repository.commit,
        secret_name=repository.secret_name,
        path=source.path,
        interval=source.interval_seconds,
        prune=source.prune,
        adopt=source.adopt,
        placement=source.placement,
    )


def _placement(options: cli.Options) -> dict[str, Any] | None:
    if options.everywhere:
        return dict(EVERYWHERE)
    if options.cluster:
        return {"clusters": [{"name": name} for name in dict.fromkeys(options.cluster)]}
    if options.selector:
        return {
            "clusterSelector": {
                "matchLabels": arguments.labels(options.selector, field="--selector")
            }
        }
    return None
