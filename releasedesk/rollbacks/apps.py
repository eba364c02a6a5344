"""The room's registration with Django."""

from django.apps import AppConfig


class Rollbacks(AppConfig):
    """Rollback plans and rehearsals"""

    name = "releasedesk.rollbacks"
    label = "rollbacks"
    verbose_name = "Rollback plans and rehearsals"
