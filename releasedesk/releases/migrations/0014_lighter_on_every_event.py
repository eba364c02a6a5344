"""Fewer indexes that only deleting would use, and one constraint in place of two."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_lighter_on_every_event'),
        ('releases', '0013_of_one_service'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='deployment',
            name='deployment_status',
        ),
        migrations.RemoveConstraint(
            model_name='deployment',
            name='only_a_success_has_a_mode',
        ),
        migrations.AlterField(
            model_name='deployment',
            name='replaced',
            field=models.ForeignKey(db_index=False, help_text='What was live before this success.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='releases.release'),
        ),
        migrations.AlterField(
            model_name='live',
            name='environment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lives', to='catalog.environment'),
        ),
        migrations.AlterField(
            model_name='live',
            name='release',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lives', to='releases.release'),
        ),
        migrations.AlterField(
            model_name='standing',
            name='first',
            field=models.ForeignKey(db_index=False, help_text='Its rank.', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='releases.deploymentfact'),
        ),
        migrations.AlterField(
            model_name='standing',
            name='rolled_back_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='releases.deploymentfact'),
        ),
        migrations.AddConstraint(
            model_name='deployment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('mode', ''), ('status__in', ['started', 'failed'])), models.Q(('mode__in', ['forward', 'rollback', 'redeploy']), ('status', 'succeeded')), _connector='OR'), name='only_a_success_has_a_mode'),
        ),
    ]
