#!/usr/bin/env bash
# From a bare Debian 12 to a denoised hyperspectral cube: installs what is missing, builds the program
# and runs it on two ranks. Uses the real cube where TESSERA_DATA has it, a simulated scene elsewhere.
# A second run does only what is missing, and writes a new run folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/build_functions.sh
. jobs/build_functions.sh

if [ $# -gt 0 ]; then
    echo "usage: jobs/quickstart.sh    (no arguments; jobs/install_dependencies.sh --help names the variables)"
    [ "$1" = --help ] || [ "$1" = -h ] && exit 0
    exit 2
fi

jobs/install_dependencies.sh
tessera_configure release || fail "the tree could not be configured"
tessera_build release --target tessera || fail "the build failed; its log is build/release/build.log"

cube=hyperspectral/jasperRidge2_R198.mat
if [ -n "${TESSERA_DATA:-}" ] && [ -f "$TESSERA_DATA/$cube" ]; then
    deck=inputs/hyperspectral_svd.toml
    say "real cube: $TESSERA_DATA/$cube"
else
    deck=inputs/hyperspectral_simulated.toml
    say "no real cube (TESSERA_DATA is not set or lacks $cube): a simulated scene"
fi

tessera_mpi_environment
threads=$(($(tessera_cores) / 2))
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$((threads > 0 ? threads : 1))}"
say "OMP_NUM_THREADS=$OMP_NUM_THREADS mpirun -n 2 build/release/tessera run $deck"
exec mpirun -n 2 build/release/tessera run "$deck"
