"""Routes of the REST API of projects."""

urlpatterns: list = []
