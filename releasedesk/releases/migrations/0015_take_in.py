"""What arrives all day long is asked about at once, by statements that are planned once for all values."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"
FORMER = """
DROP FUNCTION releases_take_in;
DROP FUNCTION releases_written;
DROP FUNCTION deliveries_key;
DROP FUNCTION releases_wake;
DROP FUNCTION releases_fold_in;
DROP FUNCTION releases_go_on;
DROP FUNCTION releases_goes_on;
DROP FUNCTION releases_register;
"""
PRESENT = """
DROP FUNCTION releases_take_in;
DROP FUNCTION releases_written;
DROP FUNCTION deliveries_key;
DROP FUNCTION releases_wake;
DROP FUNCTION releases_fold_in;
DROP FUNCTION releases_go_on;
DROP FUNCTION releases_goes_on;
DROP FUNCTION releases_stands;
DROP TYPE releases_stand;
DROP FUNCTION releases_register;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("checklists", "0006_no_index_twice"),
        ("releases", "0014_lighter_on_every_event"),
        ("rollbacks", "0004_runs"),
    ]

    # In lists, and so sent whole: what splits statements at semicolons does not know function bodies.
    operations = [
        migrations.RunSQL([FORMER], [(SQL / "0012_take_in.sql").read_text()]),
        migrations.RunSQL([(SQL / "0015_take_in.sql").read_text()], [PRESENT]),
    ]
