"""REST views of projects, their secrets, clusters, events and audit trail.

In: a request that was let in. Out: one call of a query or operation, and its answer in JSON. What
may not be seen is 404, what may not be done 403; both are said by the call, not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import status
from rest_framework.response import Response

from projects import queries
from projects.api import serializers as shapes
from projects.api.doors import LISTED, Door
from projects.errors import NotFound
from projects.operations import attachments, projects, secrets

if TYPE_CHECKING:
    from rest_framework.request import Request


class Me(Door):
    def get(self, _request: Request) -> Response:
        return self.show(shapes.MeOut, queries.me(actor=self.actor))


class Projects(Door):
    parameters = LISTED

    def get(self, _request: Request) -> Response:
        return self.page(
            shapes.ProjectOut,
            lambda limit, offset: queries.projects(actor=self.actor, limit=limit, offset=offset),
        )

    def post(self, _request: Request) -> Response:
        given = self.read(shapes.ProjectCreate)
        made = projects.create(**given, actor=self.actor, now=self.now)
        found = queries.project_view(actor=self.actor, name=made.name)
        return self.show(shapes.ProjectOut, found, status.HTTP_201_CREATED)


class Project(Door):
    def get(self, _request: Request, project: str) -> Response:
        return self.show(shapes.ProjectOut, queries.project_view(actor=self.actor, name=project))

    def patch(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        given = self.read(shapes.ProjectUpdate)
        projects.update(project=row, **given, actor=self.actor, now=self.now)
        return self.show(shapes.ProjectOut, queries.project_view(actor=self.actor, name=project))

    def delete(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        self.read()
        projects.delete(project=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Secrets(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        return self.page(
            shapes.SecretOut,
            lambda limit, offset: queries.secrets(project=row, limit=limit, offset=offset),
        )

    def post(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        given = self.read(shapes.SecretCreate)
        made = secrets.create(project=row, **given, actor=self.actor, now=self.now)
        found = queries.secret_view(actor=self.actor, project_name=project, name=made.name)
        return self.show(shapes.SecretOut, found, status.HTTP_201_CREATED)


class Secret(Door):
    def get(self, _request: Request, project: str, secret: str) -> Response:
        found = queries.secret_view(actor=self.actor, project_name=project, name=secret)
        return self.show(shapes.SecretOut, found)

    def put(self, _request: Request, project: str, secret: str) -> Response:
        row = queries.secret(actor=self.actor, project_name=project, name=secret)
        given = self.read(shapes.SecretReplace)
        secrets.replace(secret=row, **given, actor=self.actor, now=self.now)
        found = queries.secret_view(actor=self.actor, project_name=project, name=secret)
        return self.show(shapes.SecretOut, found)

    def delete(self, _request: Request, project: str, secret: str) -> Response:
        row = queries.secret(actor=self.actor, project_name=project, name=secret)
        self.read()
        secrets.delete(secret=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Attachments(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        return self.page(
            shapes.AttachmentOut,
            lambda limit, offset: queries.attachments(project=row, limit=limit, offset=offset),
        )

    def post(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        given = self.read(shapes.AttachmentCreate)
        cluster = queries.cluster(actor=self.actor, name=given.pop("cluster"))
        attachments.attach(project=row, cluster=cluster, **given, actor=self.actor, now=self.now)
        found = queries.attachments(project=row)
        mine = next(each for each in found if each.cluster == cluster.name)
        return self.show(shapes.AttachmentOut, mine, status.HTTP_201_CREATED)


class Attachment(Door):
    def delete(self, _request: Request, project: str, cluster: str) -> Response:
        row = queries.attachment(actor=self.actor, project_name=project, cluster_name=cluster)
        self.read()
        attachments.detach(attachment=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_202_ACCEPTED)


class Events(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        return self.page(
            shapes.EventOut,
            lambda limit, offset: queries.events(project=row, limit=limit, offset=offset),
        )


class Audit(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str) -> Response:
        row = queries.project(actor=self.actor, name=project)
        return self.page(
            shapes.AuditOut,
            lambda limit, offset: queries.audit(project=row, limit=limit, offset=offset),
        )


class NoSuchEndpoint(Door):
    """Everything under /api/v1 that is no endpoint: the same JSON, not a page of HTML."""

    def get(self, _request: Request, **_rest: str) -> Response:
        raise NotFound("there is no such endpoint")

    post = put = patch = delete = get
