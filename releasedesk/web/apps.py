"""The door's registration with Django."""

from django.apps import AppConfig


class Web(AppConfig):
    """The pages people use."""

    name = "releasedesk.web"
    label = "web"
