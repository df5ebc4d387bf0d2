"""Routes of the REST API of gitops."""

urlpatterns: list = []
