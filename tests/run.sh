#!/usr/bin/env bash
# Set-up, build and every test; the last line is "N passed, M failed, K skipped". N, M and K count
# single test cases at each number of ranks.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# shellcheck source=jobs/build_functions.sh
. jobs/build_functions.sh

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--preset PRESET] [--label LABEL] [--no-install]

  --preset PRESET   release (default), debug or asan-ubsan
  --label LABEL     only tests whose label (layer, for example tensor) matches this expression
  --no-install      leave packages and Kokkos as they are

TESSERA_DATA names the folder of real data; tests that need it are skipped where it is not set.
TEXT
}

preset=release
label=
install=yes
while [ $# -gt 0 ]; do
    case $1 in
        --preset) preset=${2:?"--preset needs a name"}; shift ;;
        --label) label=${2:?"--label needs an expression"}; shift ;;
        --no-install) install=no ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

# The closing line is there whatever happened.
give_up() {
    say "$*" >&2
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

started=$SECONDS
if [ "$install" = yes ]; then
    jobs/install_dependencies.sh </dev/null || give_up "the set-up failed"
fi
tessera_configure "$preset" || give_up "the tree could not be configured"
tessera_build "$preset" || give_up "the build failed; its log is build/$preset/build.log"
say "built after $((SECONDS - started)) s; testing"

results=build/$preset/test-results
rm -rf "$results"
mkdir -p "$results"
options=(--test-dir "build/$preset" --output-on-failure --output-junit "test-results/ctest.xml")
[ -z "$label" ] || options+=(-L "$label")
ctest "${options[@]}" -j "$(tessera_cores)" --no-tests=error </dev/null
status=$?
say "$((SECONDS - started)) s in all"
python=/usr/bin/python3
[ -x "$python" ] || python=python3
"$python" tests/support/count_results.py "$results" || status=1
exit "$status"
