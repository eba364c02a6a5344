"""What comes together is stored together: messages of different services by one statement for each table."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"
DROP = """
DROP FUNCTION IF EXISTS releases_complete;
DROP FUNCTION releases_take_in;
DROP FUNCTION IF EXISTS releases_store;
DROP FUNCTION IF EXISTS releases_outcome;
DROP FUNCTION releases_written;
DROP FUNCTION deliveries_key;
DROP FUNCTION releases_wake;
DROP FUNCTION releases_fold_in;
DROP FUNCTION releases_go_on;
DROP FUNCTION IF EXISTS releases_attempt;
DROP FUNCTION releases_goes_on;
DROP FUNCTION releases_register;
DROP FUNCTION IF EXISTS releases_furnish;
DROP FUNCTION IF EXISTS releases_put;
DROP FUNCTION releases_stands;
DROP TYPE IF EXISTS releases_told;
DROP TYPE releases_stand;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("releases", "0015_take_in"),
    ]

    # In lists, and so sent whole: what splits statements at semicolons does not know function bodies.
    operations = [
        migrations.RunSQL([DROP], [(SQL / "0015_take_in.sql").read_text()]),
        migrations.RunSQL([(SQL / "0016_take_in.sql").read_text()], [DROP]),
    ]
