"""The whole document: written once a process, from the paths that are served."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from releasedesk.api.schema import problem_answers

SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "rdk_<id>_<secret>",
        "description": "A token of a team or of one service. Each operation names the scope it needs.",
    },
    "source_secret": {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret of a source of CDEvents, as it is.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "A signed-in person. What writes also needs the header X-CSRFToken.",
    },
    **{
        scheme: {"type": "apiKey", "in": "header", "name": header, "description": told}
        for scheme, header, told in (
            (
                "github_signature",
                "X-Hub-Signature-256",
                "GitHub's HMAC over the body, under its secret.",
            ),
            ("gitlab_token", "X-Gitlab-Token", "GitLab's secret token, as it is."),
            (
                "gitlab_signature",
                "X-Gitlab-Signature",
                "HMAC over the body of GitLab's external status check, under its secret.",
            ),
            (
                "webhook_signature",
                "webhook-signature",
                "Standard Webhooks, with webhook-id and -timestamp.",
            ),
        )
    },
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of everything under /api/v1/."""
    written: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return written


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what belongs to no single operation. drf-spectacular calls it (`POSTPROCESSING_HOOKS`)."""
    components = result.setdefault("components", {})
    components["responses"] = problem_answers.components()
    components["securitySchemes"] = SECURITY
    result["jsonSchemaDialect"] = "https://spec.openapis.org/oas/3.1/dialect/base"
    return result
