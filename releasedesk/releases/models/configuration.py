"""What comparing configurations needs: a service's key, and the differences that are meant to be."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from releasedesk.catalog.models import Service
from releasedesk.operations.sealed import seal, unseal


class ConfigKey(models.Model):
    """The key with which a service's pipelines make digests of settings. The newest counts.

    Random, sealed under a key that is not in the database. Digests of a former one compare with nothing.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="config_keys")
    sealed = models.TextField(editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)
    service_id: int

    class Meta:
        ordering = ["service", "-created_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(sealed=""), name="a_config_key_is_sealed")]

    def __str__(self) -> str:
        return f"key of {self.service} since {self.created_at:%F %T}"

    @property
    def purpose(self) -> str:
        """What the seal is bound to."""
        return f"config-key:{self.service_id}"

    @property
    def key(self) -> bytes:
        """The key itself. Raises `BrokenSealError` when SECRET_KEY was lost."""
        return unseal(self.sealed, purpose=self.purpose)

    @key.setter
    def key(self, key: bytes) -> None:
        self.sealed = seal(key, purpose=self.purpose)


class MeantDifference(models.Model):
    """A setting that is meant to differ between environments, and why."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="meant_differences")
    name = models.CharField(max_length=200)
    reason = models.TextField()
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["service", "name"]
        constraints = [
            models.UniqueConstraint(fields=["service", "name"], name="one_meaning_per_setting"),
            models.CheckConstraint(condition=~Q(reason=""), name="a_difference_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.service}"
