"""What arrives all day long is asked about at once, by statements that are planned once for all values."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"
# The last two were not there at first: the file of the former functions was changed before this migration was.
DROP = """
DROP FUNCTION releases_take_in;
DROP FUNCTION releases_written;
DROP FUNCTION deliveries_key;
DROP FUNCTION releases_wake;
DROP FUNCTION releases_fold_in;
DROP FUNCTION releases_go_on;
DROP FUNCTION releases_goes_on;
DROP FUNCTION releases_register;
DROP FUNCTION IF EXISTS releases_stands;
DROP TYPE IF EXISTS releases_stand;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("checklists", "0006_no_index_twice"),
        ("releases", "0014_lighter_on_every_event"),
        ("rollbacks", "0004_runs"),
    ]

    # In lists, and so sent whole: what splits statements at semicolons does not know function bodies.
    operations = [
        migrations.RunSQL([DROP], [(SQL / "0012_take_in.sql").read_text()]),
        migrations.RunSQL([(SQL / "0015_take_in.sql").read_text()], [DROP]),
    ]
