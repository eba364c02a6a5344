#!/bin/sh
# Back up this desk's database, whichever it is: deploy/backup.sh [FILE], "-" for standard output.
set -eu
here=$(dirname "$0")
if [ -z "${DATABASE_AT_HAND:-}" ]; then
    python=$here/../.venv/bin/python
    [ -x "$python" ] || python=python
    exec "$python" "$here/with_database.py" sh "$0" "$@"
fi

tables=$(psql -XAtqw --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" -eq 0 ]; then
    echo "The database is empty. Do DATABASE_URL or DESK_HOME name the desk's?" >&2
    exit 1
fi
umask 077 # it holds password hashes
file=${1:-releasedesk-$(date -u +%Y%m%dT%H%M%SZ).dump}
if [ "$file" = - ]; then
    exec pg_dump --format=custom --no-password
fi
if [ -e "$file" ]; then
    echo "$file exists, and a backup is never overwritten." >&2
    exit 1
fi
trap 'rm -f "$file.part"' EXIT
pg_dump --format=custom --no-password --file="$file.part"
pg_restore --file=/dev/null "$file.part" # read to its end: what cannot be read is no backup
mv "$file.part" "$file"
echo "$file: $(wc -c <"$file") bytes, read back to the end."
