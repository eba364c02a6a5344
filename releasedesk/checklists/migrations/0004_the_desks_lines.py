"""The two lists that every desk begins with."""

from django.db import migrations
from django.utils import timezone

# list → (key, label, help); the release list is required, the security list when somebody makes it so.
LINES = {
    "release": (
        ("lint", "Linting", "The linters and the formatter are clean."),
        ("unit_tests", "Unit tests", "The unit tests passed on this commit."),
        ("integration", "Integration check", "One check from outside, against a running system."),
        (
            "staging_config",
            "Staging config verified",
            "Staging runs with the important configuration of production.",
        ),
        ("tag", "Release tagged", "The commit bears the version as its tag."),
    ),
    "security": (
        ("permissions", "Permissions", "Who may call what was changed, and is it refused to all others?"),
        ("secrets", "Secrets", "No secret in code, log, URL or configuration in the open."),
        ("headers", "Headers", "Security headers and cookies are as they were."),
        ("upload_limits", "Upload limits", "Every body and file has a limit."),
        ("logging", "Logging", "What happened can be seen; what is private cannot."),
    ),
}


def add(apps, schema_editor):
    template = apps.get_model("checklists", "Template")
    template.objects.bulk_create(
        [
            template(
                list=name,
                key=key,
                label=label,
                help=help_text,
                position=10 * number,
                required=name == "release",
                changed_by="desk",
                changed_at=timezone.now(),
            )
            for name, lines in LINES.items()
            for number, (key, label, help_text) in enumerate(lines, 1)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("checklists", "0003_templates")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
