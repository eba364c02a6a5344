"""`one_item_per_key` begins with the release already."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('checklists', '0005_decisions_are_kept'),
        ('releases', '0014_lighter_on_every_event'),
    ]

    operations = [
        migrations.AlterField(
            model_name='item',
            name='release',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='releases.release'),
        ),
    ]
