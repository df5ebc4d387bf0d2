"""REST views of clusters, and of how sources are on them.

In: a request that was let in. Out: one call of a query or operation, and its answer in JSON.
Registering a cluster wakes a probe; no cluster is called while a client waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import status
from rest_framework.response import Response

from federation import queries
from federation.api import serializers as shapes
from gitops import queries as gitops
from projects import queries as projects
from projects.api.doors import LISTED, PAGE, Door
from projects.api.serializers import EventOut
from projects.operations import clusters

if TYPE_CHECKING:
    from rest_framework.request import Request


class Clusters(Door):
    parameters = LISTED

    def get(self, _request: Request) -> Response:
        return self.page(
            shapes.ClusterOut,
            lambda limit, offset: projects.clusters(actor=self.actor, limit=limit, offset=offset),
        )

    def post(self, _request: Request) -> Response:
        given = self.read(shapes.ClusterCreate)
        made = clusters.register(**given, actor=self.actor, now=self.now)
        found = projects.cluster_view(actor=self.actor, name=made.name)
        return self.show(shapes.ClusterOut, found, status.HTTP_201_CREATED)


class Cluster(Door):
    def get(self, _request: Request, cluster: str) -> Response:
        found = projects.cluster_view(actor=self.actor, name=cluster)
        return self.show(shapes.ClusterOut, found)

    def patch(self, _request: Request, cluster: str) -> Response:
        row = projects.cluster(actor=self.actor, name=cluster)
        given = self.read(shapes.ClusterReplace)
        clusters.replace_credential(cluster=row, **given, actor=self.actor, now=self.now)
        found = projects.cluster_view(actor=self.actor, name=cluster)
        return self.show(shapes.ClusterOut, found)

    def delete(self, _request: Request, cluster: str) -> Response:
        row = projects.cluster(actor=self.actor, name=cluster)
        self.read()
        clusters.remove(cluster=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Status(Door):
    def get(self, _request: Request, project: str, source: str) -> Response:
        row = gitops.source(actor=self.actor, project_name=project, name=source)
        return self.show(shapes.StatusOut, queries.status(source=row))


class Events(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str, source: str) -> Response:
        row = gitops.source(actor=self.actor, project_name=project, name=source)
        repository = gitops.repository(source=row)
        uids = (row.uid, repository.uid) if repository else (row.uid,)
        return self.page(
            EventOut,
            lambda limit, offset: projects.events(
                project=row.project, uids=uids, limit=limit, offset=offset
            ),
        )


class Deployments(Door):
    parameters = LISTED

    def get(self, _request: Request, project: str, source: str) -> Response:
        row = gitops.source(actor=self.actor, project_name=project, name=source)
        return self.page(
            shapes.DeploymentOut,
            lambda limit, offset: queries.deployments(source=row, limit=limit, offset=offset),
        )


class Objects(Door):
    parameters = {"GET": PAGE | {"cluster"}}  # noqa: RUF012

    def get(self, _request: Request, project: str, source: str) -> Response:
        row = gitops.source(actor=self.actor, project_name=project, name=source)
        cluster = self.name("cluster")
        return self.page(
            shapes.ObjectOut,
            lambda limit, offset: queries.inventory(
                source=row, cluster_name=cluster, limit=limit, offset=offset
            ),
        )
