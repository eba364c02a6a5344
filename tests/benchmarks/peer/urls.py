from django.urls import path
from rest_framework.generics import CreateAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import ModelSerializer

from tests.benchmarks.peer.models import Event


class EventSerializer(ModelSerializer[Event]):
    class Meta:
        model = Event
        exclude = ("id",)


class Events(CreateAPIView[Event]):
    queryset = Event._default_manager.all()
    serializer_class = EventSerializer
    permission_classes = (IsAuthenticated,)


urlpatterns = [path("events", Events.as_view())]
