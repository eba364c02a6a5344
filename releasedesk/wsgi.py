"""What gunicorn serves."""

import os
from importlib import import_module

import django
from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasedesk.settings")
django.setup(set_prefix=False)
application = import_string("releasedesk.api.straight.Application")()
# Django would load the pages on the first request, and in every process: half a second for the first visitor.
import_module(settings.ROOT_URLCONF)
reverse("board")  # reads the patterns of all addresses, for the first link of a process
