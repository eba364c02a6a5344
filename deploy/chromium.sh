#!/bin/sh
# The browser tests need Chromium. Install it where that is ours to do, else say what will be missing.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core fonts-noto-color-emoji </dev/null >/dev/null
else
    echo "The tests marked 'browser' will be skipped: no Chromium is installed, and only root may (apt-get install chromium)."
fi
