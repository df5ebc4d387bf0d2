"""REST views of GitOps sources: make, change, delete, sync, suspend, resume, their revisions.

In: a request that was let in. Out: one call of a query or operation, and its answer in JSON. What
takes a while to come true (a deletion, a sync) is answered with 202.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import status
from rest_framework.response import Response

from gitops import queries
from gitops.api import serializers as shapes
from gitops.operations import sources, suspensions
from gitops.operations.sources import SourceSpec
from projects import queries as projects
from projects.api.doors import LISTED, Door

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request


class Sources(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str) -> Response:
        row = projects.project(actor=self.actor, name=project)
        return self.page(
            shapes.SourceOut,
            lambda limit, offset: queries.source_views(project=row, limit=limit, offset=offset),
        )

    def post(self, _request: Request, project: str) -> Response:
        row = projects.project(actor=self.actor, name=project)
        given = self.read(shapes.SourceCreate)
        made = sources.create(
            project=row, name=given["name"], spec=_spec(given), actor=self.actor, now=self.now
        )
        return self.show(
            shapes.SourceOut, _again(self, project, made.name), status.HTTP_201_CREATED
        )


class Source(Door):
    parameters = {"DELETE": frozenset({"orphan", "protectedKinds"})}  # noqa: RUF012

    def get(self, _request: Request, project: str, source: str) -> Response:
        return self.show(shapes.SourceOut, _again(self, project, source))

    def put(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        spec = _spec(self.read(shapes.SourceReplace))
        sources.update(source=row, spec=spec, actor=self.actor, now=self.now)
        return self.show(shapes.SourceOut, _again(self, project, source))

    def delete(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        flags = {**self.flag("orphan"), **self.flag("protectedKinds")}
        given = self.read(shapes.SourceDelete, **flags)
        sources.request_deletion(source=row, **given, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_202_ACCEPTED)


class Sync(Door):
    def post(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        self.read()
        sources.sync(source=row, actor=self.actor, now=self.now)
        return self.show(shapes.SourceOut, _again(self, project, source), status.HTTP_202_ACCEPTED)


class Suspend(Door):
    def post(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        given = self.read(shapes.Suspend)
        suspensions.suspend(source=row, **given, actor=self.actor, now=self.now)
        return self.show(shapes.SourceOut, _again(self, project, source))


class Resume(Door):
    def post(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        given = self.read(shapes.Resume)
        suspensions.resume(source=row, **given, actor=self.actor, now=self.now)
        return self.show(shapes.SourceOut, _again(self, project, source))


class ConfirmPrune(Door):
    def post(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        given = self.read(shapes.ConfirmPrune)
        sources.confirm_prune(source=row, **given, actor=self.actor, now=self.now)
        return self.show(shapes.SourceOut, _again(self, project, source))


class Revisions(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str, source: str) -> Response:
        row = queries.source(actor=self.actor, project_name=project, name=source)
        return self.page(
            shapes.RevisionOut,
            lambda limit, offset: queries.revision_views(source=row, limit=limit, offset=offset),
        )


def _again(door: Door, project: str, source: str) -> queries.SourceView:
    """The source as it is now."""
    row = queries.source(actor=door.actor, project_name=project, name=source)
    return queries.source_view(source=row)


def _spec(given: Mapping[str, Any]) -> SourceSpec:
    """The wire's ref and secretRef as SourceSpec has them; what was not sent keeps its default."""
    plain = ("url", "path", "interval", "prune", "adopt", "placement")
    secret = given.get("secret_ref") or {}
    return SourceSpec(
        **{name: given[name] for name in plain if name in given},
        **given.get("ref", {}),
        secret_name=secret.get("name", ""),
    )
