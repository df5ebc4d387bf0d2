"""What the REST clients of projects send and see, apart: input forms, output shapes.

In: JSON as a client writes it. Out: keyword arguments of an operation. Only types and lengths of
columns are checked here; what a name or namespace may be is the operation's to say. A secret value
or token text is in no output shape, but for the token that was made this moment.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from projects.api.fields import Input, Moment, Output, Text, Texts, Truth

_LONGEST_DESCRIPTION = 10_000
_MOST_KINDS = 100
_WAYS = frozenset({"payload", "username", "password", "token"})
_WANT_PAYLOAD = "want payload, or username with password or token"


class ProjectCreate(Input):
    name = Text(max_length=63)
    namespace = Text(max_length=63, required=False)
    display_name = Text(max_length=200, required=False)
    cluster_kinds = serializers.ListField(
        child=Text(max_length=253), max_length=_MOST_KINDS, required=False
    )


class ProjectUpdate(Input):
    display_name = Text(max_length=200, required=False)
    description = Text(max_length=_LONGEST_DESCRIPTION, required=False)
    cluster_kinds = serializers.ListField(
        child=Text(max_length=253), max_length=_MOST_KINDS, required=False
    )


class ProjectOut(Output):
    name = serializers.CharField()
    display_name = serializers.CharField()
    description = serializers.CharField()
    namespace = serializers.CharField()
    cluster_kinds = serializers.ListField(child=serializers.CharField())
    clusters = serializers.ListField(child=serializers.CharField())
    sources = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class SecretReplace(Input):
    """A payload, or the two ways people have to log in to a Git server."""

    payload = Texts(longest_key=253, longest_value=1 << 20, required=False)
    username = Text(max_length=1000, required=False)
    password = Text(max_length=100_000, required=False)
    token = Text(max_length=100_000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Make one payload of whichever way was taken."""
        rest = {name: value for name, value in attrs.items() if name not in _WAYS}
        ways = {name: value for name, value in attrs.items() if name in _WAYS}
        if set(ways) == {"payload"}:
            return {**rest, "payload": ways["payload"]}
        if set(ways) == {"username", "password"}:
            return {**rest, "payload": ways}
        if set(ways) == {"username", "token"}:
            # Git servers take a token in the place of the password.
            login = {"username": ways["username"], "password": ways["token"]}
            return {**rest, "payload": login}
        raise serializers.ValidationError({"payload": [_WANT_PAYLOAD]})


class SecretCreate(SecretReplace):
    name = Text(max_length=253)
    type = Text(max_length=253, required=False, allow_blank=False)


class SecretOut(Output):
    name = serializers.CharField()
    type = serializers.CharField()
    keys = serializers.ListField(child=serializers.CharField())
    digest = serializers.CharField()
    created_at = serializers.DateTimeField()


class AttachmentCreate(Input):
    cluster = Text(max_length=63)
    adopt_namespace = Truth(required=False)


class AttachmentOut(Output):
    cluster = serializers.CharField()
    ready = serializers.BooleanField()
    prepared = serializers.BooleanField()
    adopt_namespace = serializers.BooleanField()
    detaching = serializers.BooleanField()
    reason = serializers.CharField()
    message = serializers.CharField()
    created_at = serializers.DateTimeField()


class EventOut(Output):
    at = serializers.DateTimeField()
    first_at = serializers.DateTimeField()
    type = serializers.CharField()
    reason = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    cluster = serializers.CharField()
    message = serializers.CharField()
    count = serializers.IntegerField()


class AuditOut(Output):
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    via = serializers.CharField()
    verb = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    project = serializers.CharField()
    allowed = serializers.BooleanField()


class TokenCreate(Input):
    name = Text(max_length=100)
    scope = Text(max_length=10, required=False, allow_blank=False)
    project = Text(max_length=63, required=False, allow_blank=False)
    expires_at = Moment(required=False)


class TokenOut(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scope = serializers.CharField()
    project = serializers.CharField(source="project.name", allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField()


class MyProjectOut(Output):
    name = serializers.CharField()
    verbs = serializers.ListField(child=serializers.CharField())


class MeOut(Output):
    name = serializers.CharField()
    scope = serializers.CharField()
    platform_admin = serializers.BooleanField()
    projects = MyProjectOut(many=True)
