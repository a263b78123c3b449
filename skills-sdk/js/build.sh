#!/bin/sh
# Builds the script interpreter: build.sh [OUTPUT_DIR], by default the folder this script is in.
# Writes script.wasm and script.wasm.sha256. Node packages go to target/js-interpreter.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$(mkdir -p "${1:-$here}" && cd "${1:-$here}" && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/js-interpreter

for tool in node npm; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "error: \`$tool\` was not found, and building the script interpreter needs it" >&2
        echo "hint: install Node.js 18 or newer; the built $here/script.wasm works without it" >&2
        exit 1
    fi
done

mkdir -p "$work"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$work/"
if ! cmp -s "$work/package-lock.json" "$work/installed-lock.json"; then
    # Not `npm ci`, which refuses a lock that leaves out optional packages for other platforms. The
    # lock's versions and digests hold all the same.
    # Without scripts: esbuild's own only replaces a launcher that works without it.
    (cd "$work" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$work/package-lock.json" "$work/installed-lock.json"
fi

# The tool wants one package with its dependencies below it.
rm -rf "$work/wit" "$work/src"
mkdir -p "$work/wit/deps"
cp "$root"/wit/script-0.1.0/*.wit "$work/wit/"
cp -R "$root/wit/host-0.1.0" "$root/wit/skill-0.1.0" "$work/wit/deps/"
cp -R "$here/src" "$work/src"

cd "$work"
node_modules/.bin/esbuild src/interpreter.js --bundle --minify --format=esm --platform=neutral --main-fields=module,main --target=es2022 \
    --external:happyos:* --outfile=bundle.js --log-level=warning
# Without --opt-size: half a megabyte more, and scripts load and run about a quarter faster.
node_modules/.bin/componentize-qjs --wit wit --world script --js bundle.js \
    --sync --stub-wasi --output script.wasm >build.log 2>&1 || { cat build.log >&2; exit 1; }

cp script.wasm "$out/script.wasm"
(cd "$out" && node -e '
const digest = require("crypto").createHash("sha256").update(require("fs").readFileSync("script.wasm")).digest("hex");
require("fs").writeFileSync("script.wasm.sha256", digest + "  script.wasm\n");
console.log(digest + "  " + process.cwd() + "/script.wasm");')
