"""A small shop as manifests: thirty objects of thirteen kinds, as a plain directory or a
kustomization.
"""

from __future__ import annotations

import textwrap

COMPONENTS = ("web", "cart", "orders", "payments", "catalog")
KINDS = 13
OBJECTS = 30


def component(name: str, *, image: str = "registry.example/shop:1", replicas: int = 0) -> str:
    """Four objects: a Deployment, its Service, ConfigMap and ServiceAccount."""
    return textwrap.dedent(f"""\
        apiVersion: v1
        kind: ServiceAccount
        metadata: {{name: {name}}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {{name: {name}}}
        data:
          greeting: hello from {name}
        ---
        apiVersion: v1
        kind: Service
        metadata: {{name: {name}}}
        spec:
          selector: {{app: {name}}}
          ports: [{{name: http, port: 80, targetPort: 8080}}]
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: {name}}}
        spec:
          replicas: {replicas}
          selector: {{matchLabels: {{app: {name}}}}}
          template:
            metadata: {{labels: {{app: {name}}}}}
            spec:
              serviceAccountName: {name}
              containers: [{{name: main, image: "{image}"}}]
        """)


def shared() -> str:
    """Ten objects that the components share, one of each kind but two Services."""
    return textwrap.dedent("""\
        apiVersion: v1
        kind: Secret
        metadata: {name: payment-keys}
        stringData: {key: not-to-be-seen-anywhere}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: reader}
        rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: reader}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
        subjects: [{kind: ServiceAccount, name: web}]
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: shop}
        spec:
          rules:
          - host: shop.example
            http:
              paths:
              - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: only-web}
        spec:
          podSelector: {matchLabels: {app: orders}}
          ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
        ---
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: {name: web}
        spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: catalog}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: catalog}
          minReplicas: 1
          maxReplicas: 3
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: invoices}
        spec:
          schedule: "5 4 * * *"
          jobTemplate:
            spec:
              template:
                spec:
                  restartPolicy: Never
                  containers: [{name: main, image: "registry.example/invoices:1"}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: database}
        spec: {clusterIP: None, selector: {app: database}, ports: [{port: 5432}]}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: database}
        spec:
          replicas: 0
          serviceName: database
          selector: {matchLabels: {app: database}}
          template:
            metadata: {labels: {app: database}}
            spec: {containers: [{name: main, image: "registry.example/postgres:18"}]}
        """)


def files(folder: str = "deploy", *, kustomize: bool = True) -> dict[str, str]:
    """The shop as files of a repository."""
    found = {f"{folder}/{name}.yaml": component(name) for name in COMPONENTS}
    found[f"{folder}/shared.yaml"] = shared()
    if kustomize:
        names = "".join(f"- {name}.yaml\n" for name in (*COMPONENTS, "shared"))
        found[f"{folder}/kustomization.yaml"] = f"resources:\n{names}"
    return found


def config_map(name: str, **data: str) -> str:
    """One small object."""
    lines = "".join(f"  {key}: {value!r}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{lines}"
