"""How the desk answers those who ask it whether something may ship."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from releasedesk.catalog.models import Environment
from releasedesk.operations.sealed import seal, unseal

HTTP = r"^https?://"


class Answering(models.Model):
    """Where the answers to one source go, and as whom: a GitHub App with its key, or a GitLab token, sealed.

    `environment` is what a question that names none is asked of.
    """

    source = models.OneToOneField("deliveries.Source", models.CASCADE, related_name="answering")
    url = models.CharField(max_length=500, help_text="The root of their API. Answers go nowhere else.")
    app = models.CharField(max_length=100, blank=True, help_text="The client ID of the GitHub App.")
    credential = models.TextField(editable=False)
    environment = models.ForeignKey(Environment, models.SET_NULL, null=True, blank=True, related_name="+")
    set_by = models.CharField(max_length=200, editable=False)
    set_at = models.DateTimeField(editable=False)
    source_id: str
    environment_id: int | None

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(url__regex=HTTP), name="answering_url_is_http"),
            models.CheckConstraint(condition=~Q(credential=""), name="an_answer_is_signed"),
        ]

    def __str__(self) -> str:
        return f"answers to {self.source}"

    @property
    def purpose(self) -> str:
        """What its credential is sealed for."""
        return f"answering:{self.source_id}"

    @property
    def secret(self) -> str:
        """The key or token in the clear. Raises `BrokenSealError`."""
        return unseal(self.credential, purpose=self.purpose).decode()

    def keep(self, secret: str) -> None:
        """Seal the key or token."""
        self.credential = seal(secret.encode(), purpose=self.purpose)
