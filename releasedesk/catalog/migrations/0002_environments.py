"""The two environments every desk has."""

from django.db import migrations


def add(apps, schema_editor):
    environment = apps.get_model("catalog", "Environment")
    environment.objects.bulk_create(
        [
            environment(name="staging", tier="staging", order=10),
            environment(name="production", tier="production", order=20),
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
