"""What the REST clients of federation send and see, apart: input forms, output shapes.

In: a kubeconfig, or server, CA and token. Out: a ClusterSpec whose every value has been checked by
federation.member.credentials; nothing is connected to. What opens a cluster is in no output.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from federation import registering
from federation.member.credentials import ClusterAccess, parse_kubeconfig
from projects.api.fields import Input, Labels, Output, Text

_LONGEST_KUBECONFIG = 1 << 20
_BY_FILE = frozenset({"kubeconfig", "context"})
_BY_VALUES = frozenset({"server", "ca", "tls_server_name", "token"})


class ClusterReplace(Input):
    """What opens a cluster: a kubeconfig, or where it is and a token."""

    kubeconfig = Text(max_length=_LONGEST_KUBECONFIG, required=False, allow_blank=False)
    # DRF's metaclass takes fields off the class, so nothing is hidden by this name.
    context = Text(max_length=253, required=False)  # type: ignore[assignment]
    server = Text(max_length=registering.LONGEST_SERVER, required=False, allow_blank=False)
    ca = Text(max_length=_LONGEST_KUBECONFIG, required=False)
    tls_server_name = Text(max_length=253, required=False)
    token = Text(max_length=16_384, required=False, allow_blank=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Make a ClusterSpec of whichever way was taken.

        Raises: AccessInvalid naming the place.
        """
        ways = {name: value for name, value in attrs.items() if name in _BY_FILE | _BY_VALUES}
        rest = {name: value for name, value in attrs.items() if name not in ways}
        if "kubeconfig" in ways and set(ways) <= _BY_FILE:
            access = parse_kubeconfig(ways["kubeconfig"], context=ways.get("context", ""))
        elif {"server", "token"} <= set(ways) <= _BY_VALUES:
            access = ClusterAccess(
                server=ways["server"],
                ca_pem=ways.get("ca", ""),
                tls_server_name=ways.get("tls_server_name", ""),
                token=ways["token"],
            )
        else:
            said = "want kubeconfig (and context), or server, token, ca (and tlsServerName)"
            raise serializers.ValidationError({"kubeconfig": [said]})
        return {**rest, "spec": registering.spec_of(access)}


class ClusterCreate(ClusterReplace):
    name = Text(max_length=63)
    labels = Labels(required=False)


class ClusterOut(Output):
    name = serializers.CharField()
    server = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())
    ready = serializers.BooleanField()
    reason = serializers.CharField()
    message = serializers.CharField()
    kubernetes_version = serializers.CharField()
    probed_at = serializers.DateTimeField()
    projects = serializers.ListField(child=serializers.CharField())


class ClusterStatusOut(Output):
    cluster = serializers.CharField()
    state = serializers.CharField()
    revision = serializers.CharField()
    applied_at = serializers.DateTimeField()
    objects = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    reason = serializers.CharField()
    message = serializers.CharField()
    failures = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField()
    suspended = serializers.BooleanField()
    owes = serializers.BooleanField()


class StatusOut(Output):
    """A source as people look at it, cluster by cluster."""

    ready = serializers.BooleanField()
    stalled = serializers.BooleanField()
    reason = serializers.CharField()
    message = serializers.CharField()
    revision = serializers.CharField()
    attempted = serializers.CharField()
    applied = serializers.CharField()
    deleting = serializers.BooleanField()
    suspended = serializers.BooleanField()
    repository_ready = serializers.BooleanField()
    repository_message = serializers.CharField()
    clusters = ClusterStatusOut(many=True)


class DeploymentOut(Output):
    cluster = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    revision = serializers.CharField()
    commit = serializers.CharField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    counts = serializers.DictField(child=serializers.IntegerField())


class ObjectOut(Output):
    cluster = serializers.CharField()
    api_version = serializers.CharField()
    kind = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()
    confirmed = serializers.BooleanField()
