#!/usr/bin/env bash
# A quick gate before a commit: decides the scenario files that the commit changes, as they are staged, against the
# staged baseline. CI decides the rest. To install it:
#
#     cp docs/pre-commit-hook.sh .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
#
# PMICHECK names another pmicheck, PMICHECK_HOOK_SECONDS the seconds that each exploration may take (60).
# `git commit --no-verify` leaves the gate out.
set -eu

staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
cd "$(git rev-parse --show-toplevel)"

git diff --cached --name-only --diff-filter=ACMR -z -- '*.toml' | git checkout-index --force --prefix="$staged/" -z --stdin

scenarios=()
while IFS= read -r -d '' file; do
  if ! found=$("${PMICHECK:-pmicheck}" list scenarios "$staged/$file") || [ -n "$found" ]; then
    scenarios+=("./$file")
  fi
done < <(git diff --cached --name-only --diff-filter=ACMR -z -- '*.toml' ':!baseline.toml')
if [ ${#scenarios[@]} -eq 0 ]; then
  exit 0
fi

baseline=()
if git cat-file -e :baseline.toml 2>/dev/null; then
  git checkout-index --force --prefix="$staged/" -- baseline.toml
  baseline=(--baseline baseline.toml)
fi

code=0
(cd "$staged" && "${PMICHECK:-pmicheck}" verify "${scenarios[@]}" ${baseline[@]+"${baseline[@]}"} \
  --max-seconds "${PMICHECK_HOOK_SECONDS:-60}") >&2 || code=$?

case $code in
  0) ;;
  3) echo "pre-commit: no decision within the time granted here; the commit goes through, CI decides." >&2 ;;
  *)
    echo "pre-commit: refused, since pmicheck ended with $code; docs/ci.md says what that asks for." >&2
    exit 1
    ;;
esac
