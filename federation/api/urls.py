"""Routes of the REST API of federation."""

urlpatterns: list = []
