"""The pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from releasedesk.web import (
    board,
    checklist,
    checklist_lines,
    choose,
    configuration,
    inbox,
    locks,
    measure,
    metric_source,
    note,
    notes,
    plan,
    plan_in_place,
    plan_versions,
    policies,
    rehearsal,
    release_page,
    releases,
    rollback,
    rollback_plan,
    runbook,
    search,
    service_page,
    size,
    team,
)

urlpatterns = [
    path("", board.show, name="board"),
    path("plan/", choose.choose, name="plan"),
    path("services/<segment:slug>/", service_page.service, name="service"),
    path("services/<segment:slug>/plan/", plan.new, name="new_plan"),
    path(
        "services/<segment:slug>/metrics/<segment:environment>/", metric_source.source, name="metric_source"
    ),
    path(
        "services/<segment:slug>/releases/<segment:version>/windows/", metric_source.progress, name="windows"
    ),
    path("services/<segment:slug>/checklists/", checklist_lines.of_service, name="service_checklists"),
    path("services/<segment:slug>/config/", configuration.show, name="configuration"),
    path("services/<segment:slug>/config/key/", configuration.renew, name="renew_config_key"),
    path(
        "services/<segment:slug>/config/meant/<int:difference_id>/end/",
        configuration.end,
        name="end_difference",
    ),
    path("services/<segment:slug>/size/", size.show, name="size"),
    path("services/<segment:slug>/policies/", policies.policies, name="policies"),
    path("services/<segment:slug>/rollback-plan/", rollback_plan.standing, name="standing_plan"),
    path(
        "services/<segment:slug>/rollback-plan/versions/",
        plan_versions.standing,
        name="standing_plan_versions",
    ),
    path(
        "services/<segment:slug>/releases/<segment:version>/rollback-plan/versions/",
        plan_versions.of_release,
        name="rollback_plan_versions",
    ),
    path("services/<segment:slug>/releases/<segment:version>/rehearsal/", rehearsal.record, name="rehearsal"),
    path("services/<segment:slug>/releases/<segment:version>/edit/", plan.edit, name="edit_plan"),
    path(
        "services/<segment:slug>/releases/<segment:version>/edit/<segment:part>/",
        plan_in_place.edit,
        name="edit_part",
    ),
    path("services/<segment:slug>/releases/<segment:version>/measure/", measure.record, name="measure"),
    path(
        "services/<segment:slug>/releases/<segment:version>/rollback-plan/",
        rollback_plan.of_release,
        name="rollback_plan",
    ),
    path("services/<segment:slug>/releases/<segment:version>/", release_page.release, name="release"),
    path(
        "services/<segment:slug>/releases/<segment:version>/checklist/<segment:key>/",
        checklist.item,
        name="checklist_item",
    ),
    path("services/<segment:slug>/releases/<segment:version>/note/", note.note, name="note"),
    path("services/<segment:slug>/rollback/<segment:environment>/", rollback.rollback, name="rollback"),
    path("services/<segment:slug>/rollback/<segment:environment>.txt", runbook.runbook, name="runbook"),
    path("releases/", releases.show, name="releases"),
    path("notes/", notes.show, name="notes"),
    path("search/", search.show, name="search"),
    path("teams/<segment:slug>/", team.team, name="team"),
    path("teams/<segment:slug>/checklists/", checklist_lines.of_team, name="team_checklists"),
    path("teams/<segment:slug>/clock/", team.clock, name="team_clock"),
    path("teams/<segment:slug>/members/", team.member, name="member"),
    path("teams/<segment:slug>/tokens/", team.new_token, name="new_token"),
    path("teams/<segment:slug>/tokens/<segment:token_id>/revoke/", team.end_token, name="end_token"),
    path("locks/", locks.locks, name="locks"),
    path("locks/locks.ics", locks.feed, name="locks_feed"),
    path("locks/<int:lock_id>/release/", locks.release, name="release_lock"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
]
