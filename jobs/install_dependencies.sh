#!/usr/bin/env bash
# Installs what the build needs: Debian packages, and Kokkos into a prefix outside the build trees.
# Idempotent: a second run does only what is missing.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

usage() {
    cat <<'TEXT'
usage: jobs/install_dependencies.sh [--prefix DIR] [--checks]

  --prefix DIR   folder for what no package provides (Kokkos); default: the variable
                 TESSERA_DEPENDENCIES, else ~/.cache/tessera. CMake looks in the default by itself;
                 for another folder set TESSERA_DEPENDENCIES (or Kokkos_ROOT) when configuring.
  --checks       also the tools of the code checks (clang-format, clang-tidy, shellcheck)

Needs Debian 12 or newer, as root or with sudo. A Kokkos of version 4.6 or newer that Kokkos_ROOT
names, or that the system has, is used as it is. TESSERA_FETCH_KOKKOS=1 leaves Kokkos to CMake, which
then downloads upstream's release.
TEXT
}

# Some batch and CI environments leave it out.
[ -n "${HOME:-}" ] || export HOME=~

say() { echo "[set-up] $*"; }
fail() { say "$*" >&2; exit 1; }

dependencies=${TESSERA_DEPENDENCIES:-${XDG_CACHE_HOME:-$HOME/.cache}/tessera}
checks=no
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -ge 2 ] || { usage >&2; exit 2; }; dependencies=$2; shift ;;
        --checks) checks=yes ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

packages=(
    # tools
    build-essential cmake ninja-build ccache git pkg-config patchelf python3 debian-archive-keyring
    # message passing, linear algebra; OpenBLAS with OpenMP threads shares Kokkos' pool
    libopenmpi-dev openmpi-bin petsc-dev slepc-dev libopenblas-openmp-dev libopenblas0-openmp
    liblapacke-dev librandom123-dev
    # special functions
    libboost-dev
    # formats, pictures, decks, log
    libhdf5-openmpi-dev libmatio-dev libpng-dev libcairo2-dev fonts-dejavu-core libtomlplusplus-dev
    nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev zlib1g-dev
    libexpat1-dev libtiff-dev libzip-dev libnifti-dev
    # classification
    libsvm-dev
    # tests and benchmarks
    libgtest-dev libbenchmark-dev python3-numpy python3-scipy python3-h5py python3-vtk9
    python3-jsonschema python3-nibabel python3-tifffile python3-spectral python3-pil hdf5-tools
)
if [ "$checks" = yes ]; then
    packages+=(clang-format clang-tidy shellcheck)
fi

install_packages() {
    command -v apt-get >/dev/null ||
        fail "this is no Debian system: install MPI, PETSc, SLEPc, parallel HDF5 and the libraries that README.md lists by other means, then run cmake --preset release"
    local package missing=() root=()
    for package in "${packages[@]}"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        say "all ${#packages[@]} packages are installed"
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "run this as root: apt-get install --no-install-recommends ${missing[*]}"
        root=(sudo DEBIAN_FRONTEND=noninteractive)
    fi
    say "installing ${#missing[@]} packages: ${missing[*]}"
    local options=(-qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
    local log
    log=$(mktemp)
    "${root[@]}" apt-get "${options[@]}" update </dev/null
    if ! "${root[@]}" apt-get "${options[@]}" install -y --no-install-recommends "${missing[@]}" \
        </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        fail "the packages could not be installed; the lines above are apt's (all in $log)"
    fi
    rm -f "$log"
    say "packages installed"
}

# Version in the KokkosConfigVersion.cmake below a folder; nothing where there is none.
kokkos_version_below() {
    local file
    file=$(find -L "$1" -maxdepth 5 -name KokkosConfigVersion.cmake 2>/dev/null | head -n 1)
    [ -n "$file" ] && sed -n 's/^set(PACKAGE_VERSION "\(.*\)")/\1/p' "$file" | head -n 1
    return 0
}

new_enough() { [ -n "$1" ] && [ "$(printf '4.6\n%s\n' "$1" | sort -V | head -n 1)" = 4.6 ]; }

install_kokkos() {
    local version folder
    if [ -n "${Kokkos_ROOT:-}" ]; then
        version=$(kokkos_version_below "$Kokkos_ROOT")
        new_enough "$version" ||
            fail "Kokkos_ROOT=$Kokkos_ROOT holds ${version:-no Kokkos}; version 4.6 or newer is needed"
        say "Kokkos $version from Kokkos_ROOT=$Kokkos_ROOT"
        return
    fi
    if [ "${TESSERA_FETCH_KOKKOS:-0}" = 1 ]; then
        say "Kokkos is left to CMake (TESSERA_FETCH_KOKKOS=1)"
        return
    fi
    for folder in /usr/local /usr; do
        version=$(kokkos_version_below "$folder/lib")
        if new_enough "$version"; then
            say "Kokkos $version of the system, in $folder"
            return
        fi
    done
    "$here/kokkos/install_kokkos.sh" "$dependencies/kokkos"
}

install_packages
install_kokkos
