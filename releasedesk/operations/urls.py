from django.urls import path

from releasedesk.operations import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("ready", views.ready, name="ready"),
    path("metrics", views.numbers, name="metrics"),
]
