"""What arrives all day long is taken in by the database itself."""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent / "sql"
DROP = """
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
        ("catalog", "0004_gates_per_environment"),
        ("checklists", "0004_the_desks_lines"),
        ("deliveries", "0007_fewer_indexes"),
        ("procrastinate", "0041_post_retry_failed_job"),
        ("releases", "0011_fewer_indexes"),
        ("rollbacks", "0003_expected_output_and_stand_in"),
    ]

    # In a list, and so sent whole: what splits statements at semicolons does not know function bodies.
    operations = [migrations.RunSQL([(HERE / "0012_take_in.sql").read_text()], DROP)]
