"""The pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from releasedesk.web import (
    board,
    inbox,
    locks,
    measure,
    note,
    notes,
    plan,
    release_page,
    releases,
    rollback_plan,
    runbook,
    search,
    service_page,
    team,
)

urlpatterns = [
    path("", board.show, name="board"),
    path("services/<str:slug>/", service_page.service, name="service"),
    path("services/<str:slug>/plan/", plan.new, name="new_plan"),
    path("services/<str:slug>/rollback-plan/", rollback_plan.standing, name="standing_plan"),
    path("services/<str:slug>/releases/<str:version>/edit/", plan.edit, name="edit_plan"),
    path("services/<str:slug>/releases/<str:version>/measure/", measure.record, name="measure"),
    path(
        "services/<str:slug>/releases/<str:version>/rollback-plan/",
        rollback_plan.of_release,
        name="rollback_plan",
    ),
    path("services/<str:slug>/releases/<str:version>/", release_page.release, name="release"),
    path("services/<str:slug>/releases/<str:version>/note/", note.note, name="note"),
    path("services/<str:slug>/rollback/<str:environment>.txt", runbook.runbook, name="runbook"),
    path("releases/", releases.show, name="releases"),
    path("notes/", notes.show, name="notes"),
    path("search/", search.show, name="search"),
    path("teams/<str:slug>/", team.team, name="team"),
    path("teams/<str:slug>/members/", team.member, name="member"),
    path("teams/<str:slug>/tokens/", team.new_token, name="new_token"),
    path("teams/<str:slug>/tokens/<str:token_id>/revoke/", team.end_token, name="end_token"),
    path("locks/", locks.locks, name="locks"),
    path("locks/<int:lock_id>/release/", locks.release, name="release_lock"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
]
