"""The trigger that keeps a service's history names its columns, so that a raised revision passes it by."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_gates_per_environment'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='service',
            name='update_update',
        ),
        migrations.AlterField(
            model_name='service',
            name='revision',
            field=models.BigIntegerField(default=0, editable=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='service',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."health_url" IS DISTINCT FROM (NEW."health_url") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."repository" IS DISTINCT FROM (NEW."repository") OR OLD."slug" IS DISTINCT FROM (NEW."slug") OR OLD."team_id" IS DISTINCT FROM (NEW."team_id"))', func='INSERT INTO "catalog_serviceevent" ("created_at", "health_url", "id", "name", "owner_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "repository", "slug", "team_id") VALUES (NEW."created_at", NEW."health_url", NEW."id", NEW."name", NEW."owner_id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."repository", NEW."slug", NEW."team_id"); RETURN NULL;', hash='7ecacac39a0223fdfeea96cfd66a3e844e806cdc', operation='UPDATE OF "slug", "name", "team_id", "owner_id", "repository", "health_url", "created_at"', pgid='pgtrigger_update_update_58a68', table='catalog_service', when='AFTER')),
        ),
    ]
