"""The contract itself: the document, and the page that shows it. Both are open to all and ask no database."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.api.schema.document import document
from releasedesk.api.schema.operation import operation
from releasedesk.api.served import Served
from releasedesk.operations.content_security import POLICY
from releasedesk.problems.problem import Problem
from releasedesk.problems.render import problem_response

# Swagger UI draws its icons from data: addresses and styles elements as it goes.
DOCS_METHODS = {"Allow": "GET, HEAD, OPTIONS"}
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


class Plain(JSONRenderer):
    """The document as `application/json`, as a browser and most tools ask for it."""


class Yaml(OpenApiYamlRenderer):
    """`application/yaml` (RFC 9512)."""

    media_type = "application/yaml"


FORMS = {
    "application/json": {"type": "object"},
    "application/vnd.oai.openapi+json": {"type": "object"},
    "application/yaml": {"type": "string"},
    "application/vnd.oai.openapi": {"type": "string"},
}


class Schema(Served):
    """The OpenAPI document."""

    authentication_classes: tuple[()] = ()
    permission_classes: tuple[()] = ()
    renderer_classes = [Plain, OpenApiJsonRenderer, Yaml, OpenApiYamlRenderer]

    @operation("getSchema", "Contract", {200: None}, also=FORMS, who=())
    def get(self, request: Request) -> Response:
        """Give this document (OpenAPI 3.1), as JSON or with `Accept: application/yaml` as YAML."""
        return Response(document())


@csrf_exempt  # it writes nothing; or else a PUT would be told of a missing token and not of its method
def docs(request: HttpRequest) -> HttpResponse:
    """Show the document in Swagger UI, from our own files: it works without the internet."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=DOCS_METHODS)
    if request.method not in {"GET", "HEAD"}:
        told = f'Method "{request.method}" not allowed.'
        return problem_response(request, Problem("method-not-allowed", told, headers=DOCS_METHODS))
    response = render(request, "api_docs.html")
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response
