#!/bin/sh
# Builds js-plain.wasm: build.sh OUTPUT_DIR [CACHE_DIR]. Node packages go to CACHE_DIR, by default
# target/guest-tools/js. Does nothing when the component is newer than its sources.
set -eu

if [ $# -lt 1 ]; then
    echo "usage: build.sh OUTPUT_DIR [CACHE_DIR]" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
cache=${2:-${CARGO_TARGET_DIR:-$root/target}/guest-tools/js}
component=$out/js-plain.wasm

if [ -f "$component" ] && [ -z "$(find "$here" -newer "$component" -type f)" ]; then
    echo "$component is up to date"
    exit 0
fi
for tool in node npm; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "error: \`$tool\` was not found, and building $here needs it" >&2
        echo "hint: install Node.js 20 or newer" >&2
        exit 1
    fi
done

mkdir -p "$cache"
if ! cmp -s "$here/package-lock.json" "$cache/installed-lock.json"; then
    # Not `npm ci`, which refuses a lock that leaves out optional packages for other platforms.
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$cache/"
    (cd "$cache" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$here/package-lock.json" "$cache/installed-lock.json"
fi
"$cache/node_modules/.bin/componentize-js" "$here/plain.js" --wit "$here/wit" --world-name plain \
    --out "$component.new" >"$cache/build.log" 2>&1 || { cat "$cache/build.log" >&2; exit 1; }
mv "$component.new" "$component"
echo "$component"
