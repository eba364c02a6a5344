"""Make the peer's tables and print a token: `python -m tests.benchmarks.peer.set_up`."""

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.peer.settings"
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - only after the set-up
from django.core.management import call_command  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

call_command("migrate", verbosity=0, run_syncdb=True)
print(Token.objects.create(user=User.objects.create_user("ci")).key)  # noqa: T201
