"""What of a checklist stands between a release and an environment."""

from __future__ import annotations

from releasedesk.checklists.unmet import Line, standing


def line(key: str, outcome: str = "open", *, required: bool = True, tier: str = "") -> Line:
    return Line(key=key, label=key.capitalize(), outcome=outcome, required=required, tier=tier)


def test_what_passed_was_waived_or_does_not_apply_is_done() -> None:
    found = standing(
        [line("lint", "passed"), line("tag", "waived"), line("docs", "not_applicable")], "production"
    )
    assert found.is_met
    assert found.sentence == "All 3 required items are done."


def test_what_is_open_and_what_failed_is_named_apart() -> None:
    lines = [line("lint", "failed"), line("tag"), line("docs"), line("tests", "passed")]
    found = standing(lines, "production")
    assert [item.key for item in found.unmet] == ["lint", "tag", "docs"]
    assert found.sentence == "Lint failed; Tag, Docs are open: 3 of 4 required items."


def test_what_is_not_required_stops_nothing() -> None:
    found = standing([line("headers", "failed", required=False)], "production")
    assert found.is_met
    assert found.sentence == "Nothing on its checklist is required here."


def test_an_item_of_one_tier_is_not_asked_for_in_another() -> None:
    lines = [line("load", tier="production"), line("lint", "passed")]
    assert standing(lines, "staging").is_met
    assert [item.key for item in standing(lines, "production").unmet] == ["load"]
