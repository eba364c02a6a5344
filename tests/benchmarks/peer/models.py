from django.db import models


class Event(models.Model):
    """One table with an event's twelve fields, and nothing that follows from them."""

    key = models.CharField(max_length=200, unique=True)
    type = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    service = models.SlugField(max_length=64)
    environment = models.CharField(max_length=64)
    version = models.CharField(max_length=128)
    commit = models.CharField(max_length=64, blank=True)
    run = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=2000, blank=True)
    command = models.TextField(blank=True)
    files_touched = models.JSONField(default=list)
    changes = models.JSONField(default=list)

    class Meta:
        app_label = "peer"

    def __str__(self) -> str:
        return self.key
