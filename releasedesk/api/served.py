"""What even those views share that no token opens."""

from typing import Any

from django.http import HttpRequest
from rest_framework.response import Response
from rest_framework.views import APIView


class Served(APIView):
    """Base of whatever is served under `/api/v1/`."""

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Name the methods that are served here; the contract says the rest."""
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})
