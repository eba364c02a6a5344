"""The answer in the words of GitHub and GitLab. Pure.

GitHub: the body of a review of a custom deployment protection rule ("Review custom deployment protection
rules for a workflow run"; `comment` is shown to people as Markdown). GitLab: the status of an external status
check ("Set status of an external status check"); its two ids are the caller's to add.
"""

from collections.abc import Mapping
from typing import Any

COMMENT_AT_MOST = 1024  # GitHub takes no more
MORE = "\n- …"
Answer = Mapping[str, Any]


def github(answer: Answer) -> dict[str, Any]:
    """Return what a `deployment_callback_url` is told."""
    return {
        "environment_name": answer["environment"],
        "state": "approved" if answer["open"] else "rejected",
        "comment": comment(answer),
    }


def gitlab(answer: Answer) -> dict[str, Any]:
    """Return what `status_check_responses` is told."""
    return {"status": "passed" if answer["open"] else "failed"}


def comment(answer: Answer) -> str:
    """The sentence, then what is missing with where it is mended, whole lines as far as there is room.

    What stops the release comes first.
    """
    lines = [str(answer["sentence"])]
    for one in sorted(answer["conditions"], key=_stops, reverse=True):
        if one["state"] == "met":
            continue
        where = f" ([mend it]({one['fix']}))" if one["fix"] else ""
        line = f"- **{one['label']}** ({one['level']}, {one['state']}): {one['detail']}{where}"
        if sum(map(len, lines)) + len(lines) + len(line) + len(MORE) > COMMENT_AT_MOST:
            return "\n".join(lines) + MORE
        lines.append(line)
    return "\n".join(lines)


def _stops(condition: Mapping[str, Any]) -> bool:
    return (condition["level"], condition["state"]) == ("required", "unmet")
