"""A save asks one action; what it refuses stands at the field, and nothing typed is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.catalog.models import Environment, MetricPolicy, Service
from releasedesk.checklists.models import Item, Template
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.releases.models import Lock, MeantDifference, Release
from releasedesk.rollbacks.models import Plan
from tests.builders import NOON, make_note, make_plan, make_release, make_snapshot, make_team, make_user
from tests.web.admin.browser import errors_of, submit

if TYPE_CHECKING:
    from django.test import Client


def revision(service: Service) -> int:
    return Service.objects.get(pk=service.pk).revision


# -- releases ------------------------------------------------------------------------------------------------


def test_a_release_is_planned_with_both_checklists(admin: Client, checkout: Service) -> None:
    before = revision(checkout)
    fields = {"service": checkout.pk, "version": "2.0", "title": "Cache the basket", "irreversible": "on"}
    answer = submit(admin, "/admin/releases/release/add/", fields)
    release = Release.objects.get(version="2.0")
    assert answer.headers["Location"] == "/admin/releases/release/"
    assert (release.title, release.irreversible, release.created_by) == ("Cache the basket", True, "ada")
    assert release.items.count() == 10
    assert revision(checkout) > before


def test_changing_a_release_raises_both_revisions(admin: Client, checkout: Service) -> None:
    release, before = make_release(checkout, title="Old"), revision(checkout)
    submit(admin, f"/admin/releases/release/{release.pk}/change/", {"title": "New"})
    release.refresh_from_db()
    assert (release.title, release.revision) == ("New", 2)
    assert revision(checkout) > before


def test_a_version_with_a_slash_is_refused_with_the_rule(admin: Client, checkout: Service) -> None:
    fields = {"service": checkout.pk, "version": "feature/x", "title": "Typed"}
    answer = submit(admin, "/admin/releases/release/add/", fields)
    (said,) = errors_of(answer)["__all__"]
    assert said == (
        "'feature/x' cannot be a version. Expected: "
        "1 to 128 of A-Z, a-z, 0-9 and . _ + : @ ~ -, the first a letter or digit."
    )
    assert b'value="Typed"' in answer.content
    assert not Release.objects.exists()


def test_what_the_action_says_about_a_field_stands_at_the_field(admin: Client, checkout: Service) -> None:
    fields = {"service": checkout.pk, "version": "2.0", "commit": "not a commit"}
    answer = submit(admin, "/admin/releases/release/add/", fields)
    assert errors_of(answer) == {
        "commit": ["'not a commit' is not allowed here. Expected: 7 to 64 hexadecimal digits."]
    }


def test_adding_a_release_that_is_there_changes_nothing(admin: Client, checkout: Service) -> None:
    make_release(checkout, "2.0", title="Theirs")
    fields = {"service": checkout.pk, "version": "2.0", "title": "Mine"}
    answer = submit(admin, "/admin/releases/release/add/", fields)
    assert errors_of(answer)["__all__"] == ["checkout-api 2.0 is there already. Open it to change it."]
    assert Release.objects.get().title == "Theirs"


def test_the_second_of_two_writers_is_told_and_loses_nothing(admin: Client, checkout: Service) -> None:
    release = make_release(checkout, title="Old")
    address = f"/admin/releases/release/{release.pk}/change/"
    stale = {"title": "Mine", "revision_read": "1"}
    submit(admin, address, {"title": "Theirs"})
    answer = submit(admin, address, stale)
    assert "is not as you read it" in errors_of(answer)["__all__"][0]
    assert b'value="Mine"' in answer.content
    assert Release.objects.get().title == "Theirs"


def test_a_release_of_a_thousand_commits_can_still_be_saved(admin: Client, checkout: Service) -> None:
    changes = [{"sha": f"{number:040x}", "subject": "One more"} for number in range(1000)]
    release = make_release(checkout, changes=changes)
    submit(admin, f"/admin/releases/release/{release.pk}/change/", {"title": "New"})
    release.refresh_from_db()
    assert release.title == "New"
    assert release.changes.count() == 1000


# -- measurements --------------------------------------------------------------------------------------------


def pair(**fields: Any) -> dict[str, Any]:
    """Before and after on one route, as it is typed into the two columns."""
    staging = Environment.objects.get(name="staging").pk
    typed = {"environment": staging, "route": "/basket", "requests": 500, "cache_state": "cold"}
    columns: dict[str, Any] = {}
    for number, p95 in enumerate((190, 120)):
        window = {
            "taken_from_0": "2026-11-23",
            "taken_from_1": f"1{number}:00:00",
            "taken_until_0": "2026-11-23",
            "taken_until_1": f"1{number}:05:00",
        }
        column = {**typed, **window, "p95": p95}
        columns |= {f"snapshots-{number}-{name}": value for name, value in column.items()}
    return {**columns, **fields}


def test_a_pair_of_snapshots_is_recorded_and_judged_with_the_release(
    admin: Client, checkout: Service
) -> None:
    release = make_release(checkout)
    submit(admin, f"/admin/releases/release/{release.pk}/change/", pair())
    assert list(Snapshot.objects.order_by("taken_until").values_list("phase", flat=True)) == [
        "before",
        "after",
    ]
    assert Comparison.objects.get().route == "/basket"
    page = admin.get(f"/admin/releases/release/{release.pk}/change/")
    assert b"500 requests, 190 ms p95" in page.content


def test_only_one_side_may_be_filled_in(admin: Client, checkout: Service) -> None:
    release = make_release(checkout)
    after = {name: None for name in pair() if name.startswith("snapshots-1")}
    submit(admin, f"/admin/releases/release/{release.pk}/change/", pair(**after))
    assert [snapshot.phase for snapshot in Snapshot.objects.all()] == ["before"]


def test_an_impossible_number_is_refused_in_its_column_and_nothing_is_kept(
    admin: Client, checkout: Service
) -> None:
    release = make_release(checkout, title="Old")
    wrong = pair(**{"snapshots-1-p95": "-1", "title": "New"})
    answer = submit(admin, f"/admin/releases/release/{release.pk}/change/", wrong)
    assert list(errors_of(answer)) == ["snapshots-1-p95"]
    assert not Snapshot.objects.exists(), "the first column was taken back too"
    assert Release.objects.get().title == "Old"


def test_the_numbers_are_labelled_with_their_units(admin: Client, checkout: Service) -> None:
    page = admin.get(f"/admin/releases/release/{make_release(checkout).pk}/change/").content.decode()
    for label in ("Response time p95, ms", "Database calls, mean a request", "Errors, of these requests"):
        assert label in page


def test_a_snapshot_alone_is_recorded_too(admin: Client, checkout: Service) -> None:
    typed = {
        name.removeprefix("snapshots-0-"): value
        for name, value in pair().items()
        if name.startswith("snapshots-0-")
    }
    fields = {**typed, "release": make_release(checkout).pk, "phase": "before"}
    submit(admin, "/admin/measurements/snapshot/add/", fields)
    assert Snapshot.objects.get().recorded_by == "ada"


def test_a_snapshot_is_never_edited(admin: Client, checkout: Service) -> None:
    snapshot = make_snapshot(make_release(checkout))
    assert admin.post(f"/admin/measurements/snapshot/{snapshot.pk}/change/", pair()).status_code == 403


# -- checklists ----------------------------------------------------------------------------------------------


def test_an_item_is_decided_within_its_release(admin: Client, checkout: Service) -> None:
    release = make_release(checkout)
    submit(admin, f"/admin/releases/release/{release.pk}/change/", {"items-0-outcome": "passed"})
    decided = Item.objects.exclude(outcome="open").get()
    assert (decided.outcome, decided.decided_by) == ("passed", "ada")


def test_a_waiver_without_a_reason_is_refused_at_its_row(admin: Client, checkout: Service) -> None:
    release = make_release(checkout)
    waived = {"items-3-outcome": "waived"}
    answer = submit(admin, f"/admin/releases/release/{release.pk}/change/", waived)
    assert errors_of(answer) == {
        "items-3-reason": ["A waiver needs its reason. Expected: why it need not be."]
    }
    assert not Item.objects.exclude(outcome="open").exists()


def test_a_template_line_is_written_for_a_service_and_goes_without_its_copies(
    admin: Client, checkout: Service
) -> None:
    fields = {
        "service": checkout.pk,
        "list": "release",
        "key": "load",
        "label": "Load test",
        "position": "60",
    }
    submit(admin, "/admin/checklists/template/add/", fields)
    line = Template.objects.get(service=checkout)
    assert (line.label, line.changed_by) == ("Load test", "ada")
    release = make_release(checkout)
    admin.post(f"/admin/checklists/template/{line.pk}/delete/", {"post": "yes"})
    assert not Template.objects.filter(service=checkout).exists()
    assert release.items.filter(key="load").exists()


def test_everybodys_lines_are_written_by_whoever_administers(admin: Client, checkout: Service) -> None:
    line = Template.objects.get(key="lint")
    submit(admin, f"/admin/checklists/template/{line.pk}/change/", {"label": "Ruff"})
    assert make_release(checkout).items.get(key="lint").label == "Ruff"


def test_a_difference_is_explained_and_taken_back(admin: Client, checkout: Service) -> None:
    fields = {"service": checkout.pk, "name": "HOST"}
    submit(admin, "/admin/releases/meantdifference/add/", {**fields, "reason": "Each has its own."})
    row = MeantDifference.objects.get()
    assert (row.reason, row.created_by) == ("Each has its own.", "ada")
    admin.post(f"/admin/releases/meantdifference/{row.pk}/delete/", {"post": "yes"})
    assert not MeantDifference.objects.exists()


def test_a_freeze_is_written_with_its_window(admin: Client, checkout: Service) -> None:
    window = '{"kind": "weekly", "days": ["friday"], "starts": "16:00", "ends": "%s"}'
    fields = {"service": checkout.pk, "kind": "block", "reason": "No call."}
    answer = submit(admin, "/admin/releases/lock/add/", {**fields, "window": window % "soon"})
    assert "The clock on the wall cannot read this." in str(errors_of(answer))
    submit(admin, "/admin/releases/lock/add/", {**fields, "window": window % "23:00"})
    assert Lock.objects.get().recurs == "every Friday 16:00 to 23:00, UTC"


def test_a_decision_is_taken_back_on_the_items_own_page(admin: Client, checkout: Service) -> None:
    item = make_release(checkout).items.all()[0]
    address = f"/admin/checklists/item/{item.pk}/change/"
    submit(admin, address, {"outcome": "waived", "reason": "Nothing to lint."})
    item.refresh_from_db()
    assert (item.outcome, item.reason) == ("waived", "Nothing to lint.")
    submit(admin, address, {"outcome": "open", "reason": ""})
    item.refresh_from_db()
    assert (item.outcome, item.decided_by, item.decided_at) == ("open", "", None)


# -- plans ---------------------------------------------------------------------------------------------------


def test_changing_a_step_writes_the_next_version_of_the_plan(admin: Client, checkout: Service) -> None:
    plan = make_plan(checkout)
    address = f"/admin/rollbacks/plan/{plan.pk}/change/"
    answer = submit(admin, address, {"steps-1-instruction": "Look whether it is live"}, "_continue")
    newest = Plan.objects.get(version=2)
    assert [step.instruction for step in newest.steps.all()] == [
        "Deploy the previous version",
        "Look whether it is live",
    ]
    assert [step.instruction for step in plan.steps.all()][1] == "Check that it is live"
    assert answer.headers["Location"] == f"/admin/rollbacks/plan/{newest.pk}/change/"


def test_an_equal_text_makes_no_new_version(admin: Client, checkout: Service) -> None:
    plan = make_plan(checkout)
    submit(admin, f"/admin/rollbacks/plan/{plan.pk}/change/", {})
    assert Plan.objects.get() == plan


def test_steps_are_ordered_by_their_positions_and_deleted_ones_left_out(
    admin: Client, checkout: Service
) -> None:
    plan = make_plan(checkout)
    swapped = {"steps-0-position": "9", "steps-1-position": "2"}
    submit(admin, f"/admin/rollbacks/plan/{plan.pk}/change/", swapped)
    first = Plan.objects.get(version=2).steps.all()[0]
    assert first.instruction == "Check that it is live"
    second = Plan.objects.get(version=2)
    submit(admin, f"/admin/rollbacks/plan/{second.pk}/change/", {"steps-0-DELETE": "on"})
    assert [step.instruction for step in Plan.objects.get(version=3).steps.all()] == [
        "Deploy the previous version"
    ]


def test_a_plan_is_written_from_nothing(admin: Client, checkout: Service) -> None:
    fields = {
        "service": checkout.pk,
        "data": "stays",
        "triggers": '[{"metric": "error_rate", "above": 0.02}]',
        "steps-TOTAL_FORMS": "1",
        "steps-0-instruction": "Deploy the previous version",
        "steps-0-command": "make deploy VERSION={target_version}",
    }
    submit(admin, "/admin/rollbacks/plan/add/", fields)
    plan = Plan.objects.get()
    assert (plan.version, plan.created_by, plan.steps.count()) == (1, "ada", 1)
    assert plan.triggers == [{"metric": "error_rate", "above": 0.02}]


def test_an_undefined_name_in_a_command_is_refused_at_its_step(admin: Client, checkout: Service) -> None:
    plan = make_plan(checkout)
    wrong = {"steps-1-command": "make deploy VERSION={previous}"}
    answer = submit(admin, f"/admin/rollbacks/plan/{plan.pk}/change/", wrong)
    (said,) = errors_of(answer)["steps-1-command"]
    assert said.startswith("Not defined: ")
    assert "target_version" in said
    assert Plan.objects.count() == 1


def test_what_is_wrong_with_a_trigger_stands_at_the_triggers(admin: Client, checkout: Service) -> None:
    plan = make_plan(checkout)
    wrong = {"triggers": '[{"metric": "error_rate"}]'}
    answer = submit(admin, f"/admin/rollbacks/plan/{plan.pk}/change/", wrong)
    assert errors_of(answer) == {"triggers": ["A trigger needs exactly one bound. Expected: above or below."]}


# -- catalog -------------------------------------------------------------------------------------------------


def test_a_service_is_saved_with_its_policies(admin: Client, checkout: Service) -> None:
    before = revision(checkout)
    fields = {
        "name": "Checkout",
        "repository": "https://git.example/checkout",
        "metric_policies-TOTAL_FORMS": "1",
        "metric_policies-0-metric": "error_rate",
        "metric_policies-0-allowed": "0.01",
    }
    submit(admin, f"/admin/catalog/service/{checkout.pk}/change/", fields)
    checkout.refresh_from_db()
    assert (checkout.name, checkout.repository) == ("Checkout", "https://git.example/checkout")
    assert MetricPolicy.objects.get().allowed == 0.01
    assert checkout.revision > before


def test_an_unknown_metric_is_refused_at_its_policy(admin: Client, checkout: Service) -> None:
    fields = {"metric_policies-TOTAL_FORMS": "1", "metric_policies-0-metric": "eror_rate"}
    answer = submit(admin, f"/admin/catalog/service/{checkout.pk}/change/", fields)
    (said,) = errors_of(answer)["metric_policies-0-metric"]
    assert said.startswith("No metric is called 'eror_rate'. Expected: one of: error_rate")


def test_an_environment_is_everybodys_so_every_service_is_changed(admin: Client, checkout: Service) -> None:
    before = revision(checkout)
    submit(admin, "/admin/catalog/environment/add/", {"name": "canary", "tier": "production", "order": "15"})
    assert Environment.objects.get(name="canary").order == 15
    assert revision(checkout) > before


def test_an_environments_name_follows_the_rule_for_slugs(admin: Client, checkout: Service) -> None:
    fields = {"name": "Prod_EU", "tier": "production", "order": "15"}
    answer = submit(admin, "/admin/catalog/environment/add/", fields)
    assert errors_of(answer)["__all__"] == [
        "'Prod_EU' cannot be a slug. Expected: 1 to 64 of a-z, 0-9 and -."
    ]


# -- people --------------------------------------------------------------------------------------------------


def test_a_person_is_registered_and_then_given_a_role(admin: Client) -> None:
    team = make_team()
    fields = {"username": "dora", "password1": "a longer story 7", "password2": "a longer story 7"}
    submit(admin, "/admin/accounts/user/add/", fields)
    dora = User.objects.get(username="dora")
    assert dora.check_password("a longer story 7")
    role = {"memberships-TOTAL_FORMS": "1", "memberships-0-team": team.pk, "memberships-0-role": "lead"}
    submit(admin, f"/admin/accounts/user/{dora.pk}/change/", {**role, "email": "dora@example.com"})
    dora.refresh_from_db()
    assert dora.email == "dora@example.com"
    assert Membership.objects.get(user=dora).role == "lead"


def test_a_name_in_use_is_refused_at_the_name(admin: Client) -> None:
    make_user("dora")
    fields = {"username": "dora", "password1": "a longer story 7", "password2": "a longer story 7"}
    assert "username" in errors_of(submit(admin, "/admin/accounts/user/add/", fields))


def test_members_come_and_go_on_the_teams_page(admin: Client, alice: User, bob: User) -> None:
    team = Team.objects.get(slug="payments")
    charlie = make_user("charlie")
    fields = {
        "memberships-0-DELETE": "on",
        "memberships-1-role": "viewer",
        "memberships-TOTAL_FORMS": "3",
        "memberships-2-user": charlie.pk,
        "memberships-2-role": "engineer",
        "name": "Payments and refunds",
    }
    submit(admin, f"/admin/accounts/team/{team.pk}/change/", fields)
    roles = dict(team.memberships.values_list("user__username", "role"))
    assert roles == {"bob": "viewer", "charlie": "engineer"}
    assert Team.objects.get(pk=team.pk).name == "Payments and refunds"


def test_somebody_who_is_on_the_team_is_not_added_twice(admin: Client, alice: User) -> None:
    team = Team.objects.get(slug="payments")
    fields = {"team": team.pk, "user": alice.pk, "role": "viewer"}
    answer = submit(admin, "/admin/accounts/membership/add/", fields)
    said = "alice's role in Payments is there already. Open it to change it."
    assert errors_of(answer)["__all__"] == [said]
    assert Membership.objects.get().role == "lead"


def test_the_only_administrator_stays_one(admin: Client, ada: User) -> None:
    answer = submit(admin, f"/admin/accounts/user/{ada.pk}/change/", {"is_superuser": None})
    assert errors_of(answer)["__all__"] == [
        "ada is the only one who administers the desk. Name another one first."
    ]
    ada.refresh_from_db()
    assert ada.is_superuser


def test_an_administrator_makes_another(admin: Client, alice: User) -> None:
    submit(admin, f"/admin/accounts/user/{alice.pk}/change/", {"is_superuser": "on"})
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff) == (True, True)


# -- notes and locks -----------------------------------------------------------------------------------------


def test_a_note_is_written_and_finished(admin: Client, checkout: Service) -> None:
    release = make_release(checkout)
    fields = {
        "release": release.pk,
        "reason": "It was slow.",
        "files_touched": "basket/views.py\n\nbasket/models.py",
        "draft": None,
    }
    submit(admin, "/admin/notes/note/add/", fields)
    note = Note.objects.get()
    assert (note.reason, note.draft, note.written_by) == ("It was slow.", False, "ada")
    assert note.files_touched == ["basket/views.py", "basket/models.py"]


def test_the_files_of_a_note_come_back_as_they_were_typed(admin: Client, checkout: Service) -> None:
    note = make_note(make_release(checkout), files_touched=["a.py", "b.py"])
    submit(admin, f"/admin/notes/note/{note.pk}/change/", {"surprise": "None."})
    note.refresh_from_db()
    assert (note.files_touched, note.surprise, note.revision) == (["a.py", "b.py"], "None.", 2)


def test_a_lock_is_set_and_ended_and_stays_on_record(admin: Client, checkout: Service) -> None:
    fields = {"service": checkout.pk, "kind": "block", "reason": "The fair"}
    submit(admin, "/admin/releases/lock/add/", fields)
    lock = Lock.objects.get()
    assert lock.created_by == "ada"
    address = f"/admin/releases/lock/{lock.pk}/change/"
    assert b"End this lock" in admin.get(address).content
    submit(admin, address, {"reason": "Something else"})
    lock.refresh_from_db()
    assert (lock.reason, lock.released_by) == ("The fair", "ada")
    assert b"End this lock" not in admin.get(address).content


def test_a_lock_that_ends_in_the_past_is_refused(admin: Client) -> None:
    fields = {"kind": "block", "reason": "The fair", "until_0": f"{NOON:%Y}-01-01", "until_1": "00:00"}
    answer = submit(admin, "/admin/releases/lock/add/", fields)
    assert errors_of(answer) == {"until": ["This has passed. Expected: a time to come, or none."]}


@pytest.mark.usefixtures("checkout")
def test_script_in_a_title_is_shown_as_text(admin: Client, checkout: Service) -> None:
    script = "<script>alert(1)</script>"
    release = make_release(checkout, title=script)
    for address in ("/admin/releases/release/", f"/admin/releases/release/{release.pk}/change/"):
        assert script not in admin.get(address).content.decode()
