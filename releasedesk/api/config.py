"""A service's configuration: the key for its digests, and how two environments compare. Never a value."""

from __future__ import annotations

from base64 import b64encode

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.configuration import Meaning, config_key, end_difference, mean_difference
from releasedesk.api.answers import configuration as answers
from releasedesk.api.door import Door
from releasedesk.api.schema.operation import Query, operation
from releasedesk.api.times import stamp
from releasedesk.catalog.models import Scope
from releasedesk.problems.problem import not_found
from releasedesk.releases.models import MeantDifference
from releasedesk.reports.configuration import configuration

# What is fed to HMAC-SHA256 for one setting, for those who write their own sender.
MESSAGE = "the name, one NUL byte, the value; both in UTF-8"


THERE = Query("environment", "Which environment; left out, the highest.", example="production")
HERE = Query("with", "Compared with which; left out, the one before it.", example="staging")


class Key(Door):
    """The key for a pipeline that reports its own configuration."""

    read_scope = Scope.EVENTS_WRITE

    @operation("getConfigurationKey", "Configuration", {200: answers.ConfigurationKey}, conflicts=True)
    def get(self, request: Request, slug: str) -> Response:
        """Hand it out; it is made when it is first asked for. Never cached."""
        key, since = config_key(self.actor, self.service(slug), now=self.now)
        body = {
            "service": slug,
            "algorithm": "hmac-sha256",
            "key": b64encode(key).decode(),
            "message": MESSAGE,
            "since": stamp(since),
        }
        return Response(body, headers={"Cache-Control": "no-store"})


class Configuration(Door):
    """Whether two environments run with the same settings, by name."""

    @operation(
        "compareConfiguration", "Configuration", {200: answers.ConfigurationComparison}, query=(THERE, HERE)
    )
    def get(self, request: Request, slug: str) -> Response:
        """Compare `?environment=` (the highest one) with `?with=` (the one before it)."""
        params = request.query_params
        found = configuration(self.service(slug), here=params.get("with"), there=params.get("environment"))
        compared = found.comparison
        return Response(
            {
                "service": slug,
                "environment": compared.there,
                "with": compared.here,
                "same": compared.is_same,
                "sentence": compared.sentence,
                "reported": {row.environment.name: stamp(row.occurred_at) for row in found.reports},
                "differ": list(compared.differs),
                "missing": {
                    compared.here: list(compared.only_there),
                    compared.there: list(compared.only_here),
                },
                "meant": [_meant(row) for row in found.meant],
                "equal": list(compared.same),
            }
        )


class MeantToDiffer(Door):
    """One setting that is meant to differ between environments."""

    @operation("meanDifference", "Configuration", {200: answers.MeantDifference}, body=Meaning)
    def put(self, request: Request, slug: str, setting: str) -> Response:
        """Say why; saying it again replaces the reason."""
        row = mean_difference(self.actor, self.service(slug), setting, self.read(Meaning), now=self.now)
        return Response(_meant(row))

    @operation("endMeantDifference", "Configuration", {200: answers.MeantDifference})
    def delete(self, request: Request, slug: str, setting: str) -> Response:
        """Let it be the same everywhere again: 200 with what was said; 404 where nothing was."""
        service = self.service(slug)
        row = MeantDifference.objects.filter(service=service, name=setting).select_related("service").first()
        if row is None:
            known = MeantDifference.objects.filter(service=service).values_list("name", flat=True)
            raise not_found("meant difference", setting, list(known))
        said = _meant(row)
        end_difference(self.actor, row)
        return Response(said)


def _meant(row: MeantDifference) -> dict[str, str]:
    return {"name": row.name, "reason": row.reason, "by": row.created_by}
