"""Which door opens where."""

from django.urls import include, path, register_converter

from releasedesk.problems.segment import Segment
from releasedesk.web.admin import site

register_converter(Segment, "segment")

handler400 = "releasedesk.web.errors.bad_request"
handler403 = "releasedesk.web.errors.forbidden"
handler404 = "releasedesk.web.errors.not_found"
handler500 = "releasedesk.web.errors.server_error"

urlpatterns = [
    path("", include("releasedesk.operations.urls")),
    path("api/v1/", include("releasedesk.api.urls")),
    path("admin/", site.urls),
    path("", include("releasedesk.web.urls")),
]
