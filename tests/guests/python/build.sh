#!/bin/sh
# Builds py-plain.wasm: build.sh OUTPUT_DIR [CACHE_DIR]. The tool goes into a virtual environment in
# CACHE_DIR, by default target/guest-tools/python. Does nothing when the component is newer than its
# sources.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: build.sh OUTPUT_DIR [CACHE_DIR]" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
cache=${2:-${CARGO_TARGET_DIR:-$root/target}/guest-tools/python}
component=$out/py-plain.wasm

if [ -f "$component" ] && [ -z "$(find "$here" -newer "$component" -type f)" ]; then
    echo "$component is up to date"
    exit 0
fi
if ! command -v python3 >/dev/null 2>&1; then
    echo "error: \`python3\` was not found, and building $here needs it" >&2
    echo "hint: install Python 3.10 or newer with its venv module" >&2
    exit 1
fi

mkdir -p "$cache"
if ! cmp -s "$here/requirements.txt" "$cache/installed.txt"; then
    if ! python3 -m venv "$cache/venv"; then
        echo "error: \`python3 -m venv\` failed" >&2
        echo "hint: on Debian, install the package python3-venv" >&2
        exit 1
    fi
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$cache/installed.txt"
fi
# A copy of its own: Python would leave its caches beside the sources.
rm -rf "$cache/app"
mkdir -p "$cache/app"
cp "$here/app.py" "$cache/app/"
"$cache/venv/bin/componentize-py" --wit-path "$here/wit" --world plain componentize --python-path "$cache/app" app \
    --output "$component.new" >"$cache/build.log" 2>&1 || { cat "$cache/build.log" >&2; exit 1; }
mv "$component.new" "$component"
echo "$component"
