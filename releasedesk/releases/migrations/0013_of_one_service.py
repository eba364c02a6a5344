"""What names a release and a service names a release of that service: one constraint in place of two."""

import django.db.models.deletion
import pgtrigger.migrations
from django.db import migrations, models

TABLES = ("deploymentfact", "deployment", "standing", "live")
ADD = """
ALTER TABLE releases_{table} ADD CONSTRAINT {table}_of_its_service
FOREIGN KEY (release_id, service_id) REFERENCES releases_release (id, service_id) DEFERRABLE INITIALLY DEFERRED;
"""
DROP = "ALTER TABLE releases_{table} DROP CONSTRAINT {table}_of_its_service;"


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_gates_per_environment'),
        ('releases', '0012_take_in'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='deploymentfact',
            name='fact_of_its_service',
        ),
        migrations.AlterField(
            model_name='deployment',
            name='release',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='deployments', to='releases.release'),
        ),
        migrations.AlterField(
            model_name='deployment',
            name='service',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deployments', to='catalog.service'),
        ),
        migrations.AlterField(
            model_name='deploymentfact',
            name='release',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='facts', to='releases.release'),
        ),
        migrations.AlterField(
            model_name='deploymentfact',
            name='service',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.service'),
        ),
        migrations.AlterField(
            model_name='live',
            name='deployment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='releases.deployment'),
        ),
        migrations.AlterField(
            model_name='live',
            name='release',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='lives', to='releases.release'),
        ),
        migrations.AlterField(
            model_name='live',
            name='service',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lives', to='catalog.service'),
        ),
        migrations.AlterField(
            model_name='standing',
            name='release',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='standings', to='releases.release'),
        ),
        migrations.AlterField(
            model_name='standing',
            name='service',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text="The release's: ranks are compared within it.", on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.service'),
        ),
        migrations.RunSQL(
            "ALTER TABLE releases_release ADD CONSTRAINT release_of_its_service UNIQUE (id, service_id);",
            "ALTER TABLE releases_release DROP CONSTRAINT release_of_its_service;",
        ),
        *(migrations.RunSQL(ADD.format(table=table), DROP.format(table=table)) for table in TABLES),
    ]
