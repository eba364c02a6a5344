"""The room's registration with Django."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """People and teams"""

    name = "releasedesk.accounts"
    label = "accounts"
    verbose_name = "People and teams"
