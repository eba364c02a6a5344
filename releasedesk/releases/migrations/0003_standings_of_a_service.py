"""A standing names its service, so that the newest of a place are found without reading all of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0002_environments"), ("releases", "0002_locks")]

    operations = [
        migrations.AddField(
            "standing",
            "service",
            models.ForeignKey(
                "catalog.service",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                help_text="The release's: ranks are compared within it.",
            ),
        ),
        migrations.RunSQL(
            """
            UPDATE releases_standing SET service_id = releases_release.service_id
            FROM releases_release WHERE releases_release.id = releases_standing.release_id;
            SET CONSTRAINTS ALL IMMEDIATE; -- what is still to be checked would forbid the next step
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(
            "standing",
            "service",
            models.ForeignKey(
                "catalog.service",
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                help_text="The release's: ranks are compared within it.",
            ),
        ),
        migrations.AddIndex(
            "standing",
            models.Index(fields=["service", "environment", "-first_at"], name="standing_newest"),
        ),
    ]
