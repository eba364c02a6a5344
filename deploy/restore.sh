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
    psql --no-psqlrc --no-password --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 "$@"
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
others() {
    ask --command="SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
}
# Who has just left, such as our own question above, may still be seen for a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(others)" -gt 0 ] || break
    sleep 1
done
others=$(others)
[ "$others" -eq 0 ] || refuse "Others are connected to the database ($others). Stop web and worker first."

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
