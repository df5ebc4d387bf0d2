"""Takes the pages of django-q2 off the admin (security.md S-58).

A Schedule or queued task names any Python function, and who could write one could run it. The queue
only carries wake-ups; what there is to see of the work is in our own rows.
"""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.contrib import admin

# Its registrations must have happened before they can be undone; a second import does nothing.
import_module("django_q.admin")

for model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(model):
        admin.site.unregister(model)
