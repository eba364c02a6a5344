"""What gunicorn serves."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasedesk.settings")
application = get_wsgi_application()
# Django would load the pages on the first request, and in every process: half a second for the first visitor.
import_module(settings.ROOT_URLCONF)
reverse("board")  # reads the patterns of all addresses, for the first link of a process
