"""The paths of DESIGN §5.1 that are served so far."""

from django.urls import path, re_path

from releasedesk.api import (
    board,
    checklist,
    config,
    culprits,
    environments,
    errors,
    events,
    gate,
    gate_levels,
    hooks,
    locks,
    measurements,
    notes,
    plans,
    releases,
    runs,
    services,
)
from releasedesk.api.schema import pages

SERVICE = "services/<segment:slug>"
RELEASE = f"{SERVICE}/releases/<segment:version>"

urlpatterns = [
    path("schema", pages.Schema.as_view()),
    path("docs", pages.docs),
    path("events", events.Events.as_view()),
    path("hooks/<segment:source_id>", hooks.Hooks.as_view()),
    path("board", board.TheBoard.as_view()),
    path("environments", environments.Environments.as_view()),
    path("environments/<segment:name>", environments.OneEnvironment.as_view()),
    path("notes", notes.Notes.as_view()),
    path("services", services.Services.as_view()),
    path(SERVICE, services.OneService.as_view()),
    path(f"{SERVICE}/rollback-plan", plans.StandingPlan.as_view()),
    path(f"{SERVICE}/rollback", plans.Rollback.as_view()),
    path(f"{SERVICE}/config-key", config.Key.as_view()),
    path(f"{SERVICE}/config", config.Configuration.as_view()),
    path(f"{SERVICE}/config/meant/<segment:setting>", config.MeantToDiffer.as_view()),
    path(f"{SERVICE}/rollback/runs/<int:run_id>", runs.OneRun.as_view()),
    path(f"{SERVICE}/rollback/runs/<int:run_id>/ticks", runs.Ticks.as_view()),
    path(f"{SERVICE}/rollback/runs/<int:run_id>/end", runs.Ending.as_view()),
    path(f"{SERVICE}/rollbacks/<int:deployment_id>/culprit", culprits.TheCulprit.as_view()),
    path(f"{SERVICE}/releases", releases.Releases.as_view()),
    path(RELEASE, releases.OneRelease.as_view()),
    path(f"{RELEASE}/snapshots", measurements.Snapshots.as_view()),
    path(f"{RELEASE}/comparison", measurements.OneComparison.as_view()),
    path(f"{RELEASE}/rollback-plan", plans.ReleasePlan.as_view()),
    path(f"{RELEASE}/rehearsals", plans.Rehearsals.as_view()),
    path(f"{RELEASE}/gate", gate.TheGate.as_view()),
    path(f"{RELEASE}/gate/github", gate.GitHub.as_view()),
    path(f"{RELEASE}/gate/gitlab", gate.GitLab.as_view()),
    path("gate-levels", gate_levels.Levels.as_view()),
    path(f"{SERVICE}/gate-levels", gate_levels.ServiceLevels.as_view()),
    path(f"{RELEASE}/gate/answers", gate.Answers.as_view()),
    path(f"{RELEASE}/gate/overrides", gate.Overrides.as_view()),
    path(f"{RELEASE}/note", notes.OneNote.as_view()),
    path(f"{RELEASE}/checklist", checklist.Checklist.as_view()),
    path(f"{RELEASE}/checklist/<segment:key>", checklist.OneItem.as_view()),
    path("locks", locks.Locks.as_view()),
    path("locks/<int:lock_id>", locks.OneLock.as_view()),
    re_path("", errors.not_served),
]
