# Shared by jobs/quickstart.sh, tests/run.sh and .ci/run: set-up and build. To be sourced by bash.
# shellcheck shell=bash

# Some batch and CI environments leave it out.
[ -n "${HOME:-}" ] || export HOME=~

# Lets ccache serve a checkout in another folder from what was compiled in this one.
export CCACHE_BASEDIR="${CCACHE_BASEDIR:-$PWD}"
export CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR:-true}"

say() { echo "[$(basename "$0")] $*"; }
fail() { say "$*" >&2; exit 1; }

tessera_cores() {
    # Not plain nproc: it obeys OMP_NUM_THREADS.
    nproc --all
}

# tessera_configure PRESET [CMake arguments...]
tessera_configure() {
    local preset=$1 arguments=()
    shift
    [ "${TESSERA_FETCH_KOKKOS:-0}" = 1 ] && arguments+=(-DTESSERA_FETCH_KOKKOS=ON)
    # A test run sees the data that its caller names now, not what an earlier one named.
    [ -n "${TESSERA_DATA:-}" ] && arguments+=("-DTESSERA_TEST_DATA=$TESSERA_DATA")
    say "configuring build/$preset"
    # Its report of what it found is for the log; a refusal is for the reader.
    mkdir -p "build/$preset"
    if ! cmake --preset "$preset" "${arguments[@]}" "$@" </dev/null \
        >"build/$preset/configure.log" 2>&1; then
        cat "build/$preset/configure.log" >&2
        return 1
    fi
    grep -E '^-- (Kokkos|MPI|PETSc) ' "build/$preset/configure.log" || true
}

# tessera_build PRESET [build arguments...]
tessera_build() {
    local preset=$1
    shift
    say "building build/$preset on $(tessera_cores) cores (the log is build/$preset/build.log)"
    local status=0
    NINJA_STATUS='[%f/%t, %es] ' cmake --build "build/$preset" -j "$(tessera_cores)" "$@" </dev/null \
        >"build/$preset/build.log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        grep -E -A 12 'FAILED:|error:|Error' "build/$preset/build.log" | head -n 60 >&2
        return "$status"
    fi
    tail -n 1 "build/$preset/build.log"
}

# What Open MPI wants to hear on this machine; settings of the user stay.
tessera_mpi_environment() {
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    # More ranks than cores may run, nobody is tied to one core, waiting ranks let others work.
    export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe:-1}"
    export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy:-none}"
    export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle:-1}"
    export OMPI_MCA_btl_vader_single_copy_mechanism="${OMPI_MCA_btl_vader_single_copy_mechanism:-none}"
}
