"""Every message from outside, as it was kept."""

from __future__ import annotations

from django.contrib.admin import register

from releasedesk.deliveries.models import Delivery
from releasedesk.web.admin.door import FactAdmin
from releasedesk.web.admin.site import site


@register(Delivery, site=site)
class DeliveryAdmin(FactAdmin):
    """One message with our answer."""

    list_display = ("received_at", "source", "key", "type", "service", "outcome", "actor")
    list_display_links = ("received_at", "key")
    list_filter = ("outcome", "type", "team", "received_at")
    list_select_related = ("team", "service")
    search_fields = ("key", "source", "service__slug", "actor")
