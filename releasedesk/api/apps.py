"""The door's registration with Django."""

from django.apps import AppConfig


class Api(AppConfig):
    """The HTTP interface for machines."""

    name = "releasedesk.api"
    label = "api"
