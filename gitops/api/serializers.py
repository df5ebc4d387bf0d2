"""What the REST clients of gitops send and see, apart: input forms, output shapes.

In: JSON in the words of Flux and KubeFed. Out: keyword arguments of an operation. Only types and
lengths of columns are checked here; whether a URL, ref, path or interval is one we would use is the
operation's to say.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from projects.api.fields import Duration, Input, Labels, Moment, OneOf, Output, Text, Truth

_LONGEST_REASON = 1000
_MOST_CLUSTERS = 1000
_MOST_EXPRESSIONS = 50
_WITH_VALUES = ("In", "NotIn")
_OPERATORS = (*_WITH_VALUES, "Exists", "DoesNotExist")


class Ref(Input):
    branch = Text(max_length=255, required=False)
    tag = Text(max_length=255, required=False)
    commit = Text(max_length=64, required=False)


class SecretRef(Input):
    name = Text(max_length=253)


class ClusterName(Input):
    name = Text(max_length=63)


class Expression(Input):
    """One of metav1.LabelSelector's matchExpressions."""

    key = Text(max_length=317)
    operator = OneOf(words=_OPERATORS)
    values = serializers.ListField(
        child=Text(max_length=63, allow_blank=True), max_length=_MOST_CLUSTERS, required=False
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold operators to what Kubernetes says of them."""
        if (attrs["operator"] in _WITH_VALUES) != bool(attrs.get("values")):
            some = "at least one" if attrs["operator"] in _WITH_VALUES else "none"
            raise serializers.ValidationError({"values": [f"{attrs['operator']} wants {some}"]})
        return attrs


class Selector(Input):
    match_labels = Labels(required=False)
    match_expressions = serializers.ListField(
        child=Expression(), max_length=_MOST_EXPRESSIONS, required=False
    )


class Placement(Input):
    """KubeFed's placement. Absent, empty and {} mean different things, so it is kept as sent."""

    clusters = serializers.ListField(child=ClusterName(), max_length=_MOST_CLUSTERS, required=False)
    cluster_selector = Selector(required=False)

    def to_internal_value(self, data: Any) -> Any:
        super().to_internal_value(data)
        return data


class SourceReplace(Input):
    """A whole spec: what is left out gets its default, as in a PUT of Kubernetes."""

    url = Text(max_length=1000)
    ref = Ref(required=False)
    secret_ref = SecretRef(required=False, allow_null=True)
    path = Text(max_length=1000, required=False)
    interval = Duration(required=False)
    prune = Truth(required=False)
    adopt = Truth(required=False)
    placement = Placement(required=False)


class SourceCreate(SourceReplace):
    name = Text(max_length=253)


class SourceDelete(Input):
    orphan = Truth(required=False)
    protected_kinds = Truth(required=False)


class Suspend(Input):
    reason = Text(max_length=_LONGEST_REASON, required=False)
    until = Moment(required=False, allow_null=True)
    clusters = serializers.ListField(
        child=Text(max_length=63), max_length=_MOST_CLUSTERS, required=False
    )


class Resume(Input):
    clusters = serializers.ListField(
        child=Text(max_length=63), max_length=_MOST_CLUSTERS, required=False
    )


class ConfirmPrune(Input):
    commit = Text(max_length=64)


class SuspensionOut(Output):
    cluster = serializers.CharField()
    by = serializers.CharField()
    reason = serializers.CharField()
    started_at = serializers.DateTimeField()
    until = serializers.DateTimeField()


class SourceStatusOut(Output):
    ready = serializers.BooleanField()
    stalled = serializers.BooleanField()
    reason = serializers.CharField()
    message = serializers.CharField()
    revision = serializers.CharField()
    attempted = serializers.CharField()
    applied = serializers.CharField()
    clusters = serializers.ListField(child=serializers.JSONField())


class SourceOut(Output):
    """A source in the fields it is written with, and beside them what became of it."""

    project = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()
    ref = serializers.SerializerMethodField()
    secret_ref = serializers.SerializerMethodField("get_secret_ref")
    path = serializers.CharField()
    interval = Duration(source="interval_seconds")
    prune = serializers.BooleanField()
    adopt = serializers.BooleanField()
    placement = serializers.JSONField()
    suspended = serializers.BooleanField()
    suspensions = SuspensionOut(many=True)
    deleting = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    status = SourceStatusOut(source="*")

    def get_ref(self, source: Any) -> dict[str, str]:
        """Show what is set of branch, tag and commit."""
        found = {"branch": source.branch, "tag": source.tag, "commit": source.commit}
        return {name: value for name, value in found.items() if value}

    def get_secret_ref(self, source: Any) -> dict[str, str] | None:
        """Show the name of the Secret, if one is named."""
        return {"name": source.secret_name} if source.secret_name else None


class RevisionOut(Output):
    name = serializers.CharField()
    commit = serializers.CharField()
    author = serializers.CharField()
    subject = serializers.CharField()
    committed_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    current = serializers.BooleanField()
