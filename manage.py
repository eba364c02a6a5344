#!/usr/bin/env python
"""Django's command line for ReleaseDesk, with the embedded database under it when a command needs one."""

import os
import sys
from contextlib import nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from releasedesk.operations.embedded import EmbeddedServerError, for_this_process

NEEDS_NO_DATABASE = {"check", "collectstatic", "help", "serve", "stop", "version", "--help", "--version"}


def main(arguments: list[str]) -> None:
    """Run one management command; a start that cannot be ends with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasedesk.settings")
    idle = len(arguments) < 2 or arguments[1] in NEEDS_NO_DATABASE  # noqa: PLR2004 (program and command)
    try:
        with nullcontext() if idle else for_this_process():
            execute_from_command_line(arguments)
    except (ImproperlyConfigured, EmbeddedServerError) as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    main(sys.argv)
