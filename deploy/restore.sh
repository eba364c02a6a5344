#!/bin/sh
# Bring a backup back, whole or not at all: deploy/restore.sh [--replace] FILE, "-" for standard input.
# --replace gives up what the database holds now. Stop web and worker first.
set -eu
here=$(dirname "$0")
if [ -z "${DATABASE_AT_HAND:-}" ]; then
    python=$here/../.venv/bin/python
    [ -x "$python" ] || python=python
    exec "$python" "$here/with_database.py" sh "$0" "$@"
fi

refuse() {
    echo "$1" >&2
    exit 1
}

ask() {
    PGAPPNAME="restore.sh $$" psql --no-psqlrc --no-password --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"
}

replace=no
if [ "${1:-}" = --replace ]; then
    replace=yes
    shift
fi
[ $# -eq 1 ] || refuse "Usage: $0 [--replace] FILE, or - for standard input"
file=$1
if [ "$file" != - ]; then
    pg_restore --list "$file" >/dev/null # before anything is touched
fi

tables=$(ask --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" -gt 0 ] && [ "$replace" = no ]; then
    refuse "The database holds $tables tables. Back it up, then repeat with --replace to give them up."
fi
# Who has just left may still be seen for a moment; what this script asked before is nobody else.
others=$(
    ask <<'SQL'
CREATE TEMPORARY VIEW others AS
SELECT format('%s (process %s, %s since %s)', coalesce(nullif(application_name, ''), usename), pid, state,
    to_char(coalesce(state_change, backend_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC')) AS who
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
AND application_name <> current_setting('application_name');
DO $$
BEGIN
    FOR attempt IN 1..100 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM others);
        PERFORM pg_sleep(0.1), pg_stat_clear_snapshot();
    END LOOP;
END $$;
SELECT who FROM others ORDER BY who;
SQL
)
[ -z "$others" ] || refuse "Others are connected to the database. Stop web and worker first.
$others"

last_words="SELECT 1 FROM public.django_migrations LIMIT 1; -- an error here: it was no backup of a desk
    COMMIT; SET client_min_messages = error; ANALYZE; SELECT 'restored';"

# One transaction, and COMMIT is only said after the last line of the backup: one that ends too early, or a
# line that fails, leaves the database as it was. A pipe has the status of its last command, so the word at the
# end is the proof. Servers before 17 do not know transaction_timeout, which newer programs set at the top.
proof=$(
    {
        echo "BEGIN; SET client_min_messages = warning; DROP SCHEMA public CASCADE;"
        echo "CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;"
        echo "COMMENT ON SCHEMA public IS 'standard public schema';"
        set -- --no-owner --no-privileges --file=-
        [ "$file" = - ] || set -- "$@" "$file"
        pg_restore "$@" && echo "$last_words"
    } | sed '1,40{/^SET transaction_timeout = 0;$/d;}' | ask | tail -n 1
)
[ "$proof" = restored ] || refuse "Nothing was restored; the database is as it was."
echo "Restored. Now run 'manage.py migrate' (the backup may be older than this code), then start web and worker."
