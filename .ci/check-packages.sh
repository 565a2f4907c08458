#!/usr/bin/env bash
# What npm would publish: publint and attw on every package's tarball. ESM only, so a require() from CommonJS is not asked for.
set -euo pipefail
cd "$(dirname "$0")/.."
for package in packages/*/; do
  grep -q '"private": true' "$package/package.json" && continue
  echo "== $package"
  pnpm exec publint --strict --pack pnpm "$package"
  tarball=$(cd "$package" && pnpm pack --json --pack-destination "$(mktemp -d)" | node -p 'JSON.parse(require("fs").readFileSync(0)).filename')
  pnpm exec attw --profile esm-only "$tarball"
done
