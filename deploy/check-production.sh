#!/bin/sh
# Ask Django whether the settings are fit for production. Nothing is connected to; the values only have the form.
set -eu
secret=$("$1" -c 'import secrets; print(secrets.token_urlsafe(64))')
exec env -u DEBUG -u HTTPS -u BEHIND_PROXY RELEASEDESK_ENV=production SECRET_KEY="$secret" \
    ALLOWED_HOSTS=desk.example.com DATABASE_URL=postgres://desk@db.example.com/desk \
    "$1" manage.py check --deploy --fail-level WARNING
