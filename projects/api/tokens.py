"""REST views of one's own API tokens.

In: a request that was let in. Out: tokens without their texts, and once, in the answer to the
request that made it, a text. Other people's tokens are the admin's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import status
from rest_framework.response import Response

from projects import queries
from projects.api import serializers as shapes
from projects.api.doors import LISTED, Door
from projects.operations import tokens

if TYPE_CHECKING:
    from rest_framework.request import Request


class Tokens(Door):
    parameters = LISTED

    def get(self, request: Request) -> Response:
        return self.page(
            shapes.TokenOut,
            lambda limit, offset: queries.tokens(
                user=request.user, only_project=self.actor.only_project, limit=limit, offset=offset
            ),
        )

    def post(self, request: Request) -> Response:
        given = self.read(shapes.TokenCreate)
        name = given.pop("project", None)
        project = queries.project(actor=self.actor, name=name) if name else None
        made, text = tokens.create(
            user=request.user, project=project, **given, actor=self.actor, now=self.now
        )
        row = queries.token(user=request.user, pk=made.pk)
        shown = {**shapes.TokenOut(row).data, "token": text}
        return Response(shown, status=status.HTTP_201_CREATED)


class Token(Door):
    def delete(self, request: Request, pk: int) -> Response:
        row = queries.token(user=request.user, pk=pk, only_project=self.actor.only_project)
        self.read()
        tokens.revoke(token=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)
