"""REST views of one's own API tokens.

In: a request that was let in. Out: tokens without their texts, and once, in the answer to the
request that made it, a text. A token that is itself limited makes and ends no tokens: it could
shake off its limits. Other people's tokens are the admin's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import status
from rest_framework.response import Response

from projects import queries
from projects.api import serializers as shapes
from projects.api.doors import LISTED, Door
from projects.errors import Denied
from projects.operations import tokens

if TYPE_CHECKING:
    from rest_framework.request import Request

    from projects.access import Actor


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
        _refuse_limited(self.actor)
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
        _refuse_limited(self.actor)
        tokens.revoke(token=row, actor=self.actor, now=self.now)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _refuse_limited(actor: Actor) -> None:
    if actor.scope != "write" or actor.only_project is not None:
        raise Denied("a token limited by scope or project can neither make nor revoke tokens")
