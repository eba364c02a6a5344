"""The pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from releasedesk.web import board, release_page, runbook, service_page

urlpatterns = [
    path("", board.show, name="board"),
    path("services/<str:slug>/", service_page.service, name="service"),
    path("services/<str:slug>/releases/<str:version>/", release_page.release, name="release"),
    path("services/<str:slug>/rollback/<str:environment>.txt", runbook.runbook, name="runbook"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
]
