#!/usr/bin/env bash
# Puts Kokkos into PREFIX from the Debian archive that this machine is set up with.
#
# usage: install_kokkos.sh PREFIX
#
# Debian has a Kokkos that is new enough in sid only. Its source package is tried first: built here,
# it fits this machine (static, hidden symbols, both host back ends). Where the archive does not serve
# it, sid's binary package is unpacked into PREFIX; it was built for a newer glibc and libstdc++, and
# a small library beside it supplies the functions that are missing. The machine's own apt state is
# not touched: lists and downloads live in a temporary folder, and apt checks the signatures.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

oldest=4.6
[ $# -eq 1 ] || { echo "usage: $0 PREFIX" >&2; exit 2; }
prefix=$(mkdir -p "$(dirname "$1")" && cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apt downloads as another user where it can.
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/download"

say() { echo "[kokkos] $*"; }
fail() { say "$*" >&2; exit 1; }

python=/usr/bin/python3
[ -x "$python" ] || python=python3

archive_apt() {
    local tool=$1
    shift
    "$tool" -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=60 "$@"
}

# Makes the folder look like the archive's sid, of the kind deb or deb-src.
read_archive() {
    local kind=$1 uri key=/usr/share/keyrings/debian-archive-keyring.gpg
    uri=$(apt-get indextargets --format "\$(REPO_URI) \$(CODENAME)" 'Created-By: Packages' |
        awk '$2 !~ /-(security|updates|backports)/ && $1 !~ /security/ {print $1; exit}')
    [ -n "$uri" ] || fail "no package archive is set up on this machine (sources of apt)"
    [ -r "$key" ] || fail "the keys of Debian's archive are missing: install debian-archive-keyring"
    echo "$kind [signed-by=$key] $uri sid main" >"$work/sources.list"
    if archive_apt apt-get -qq update >"$work/update.log" 2>&1; then
        return
    fi
    if grep -q 'is expired' "$work/update.log"; then
        # A frozen copy of the archive: sid's index is older than its own validity allows. That check
        # is there against an old index withholding security updates; the signature still holds.
        say "the archive is a frozen copy: its age is not checked, its signature is"
        archive_apt apt-get -o Acquire::Check-Valid-Until=false -qq update
        return
    fi
    sed -n '$s/^/[kokkos] apt: /p' "$work/update.log"
    return 1
}

version_is_enough() { [ -n "$1" ] && dpkg --compare-versions "$1" ge "$oldest"; }

from_source() {
    local version jobs
    read_archive deb-src || return 1
    version=$(archive_apt apt-cache showsrc kokkos 2>/dev/null | awk '/^Version:/{print $2; exit}')
    version_is_enough "$version" || return 1
    say "source package $version: downloading"
    if ! (cd "$work/download" && archive_apt apt-get -qq source --download-only kokkos) \
        >"$work/source.log" 2>&1; then
        sed -n '$s/^/[kokkos] apt: /p' "$work/source.log"
        return 1
    fi
    mkdir "$work/source"
    tar -C "$work/source" --strip-components=1 -xf "$work"/download/kokkos_*.orig.tar.* || return 1
    say "building it (about a minute on one core)"
    jobs=$(nproc --all)
    # Position-independent, static and hidden: see cmake/tessera_old_kokkos.cmake.
    if ! {
        cmake -S "$work/source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DCMAKE_CXX_STANDARD=20 -DCMAKE_CXX_EXTENSIONS=OFF -DKokkos_ENABLE_SERIAL=ON \
            -DKokkos_ENABLE_OPENMP=ON -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
            -DCMAKE_CXX_VISIBILITY_PRESET=hidden -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON \
            -DCMAKE_INSTALL_PREFIX="$prefix" &&
            cmake --build "$work/build" -j "$jobs" --target install
    } >"$work/build.log" 2>&1; then
        tail -n 20 "$work/build.log" >&2
        return 1
    fi
    echo "$version, built from Debian's source package" >"$prefix/tessera-kokkos"
}

from_binary() {
    local version runtime libdir core missing unresolved archive
    read_archive deb || return 1
    version=$(archive_apt apt-cache show libkokkos-dev 2>/dev/null | awk '/^Version:/{print $2; exit}')
    if ! version_is_enough "$version"; then
        say "the archive has no Kokkos $oldest or newer" >&2
        return 1
    fi
    say "binary package $version: downloading"
    runtime=$(archive_apt apt-cache show libkokkos-dev |
        sed -n 's/^Depends:.*\(libkokkos[0-9][0-9.]*\).*/\1/p' | head -n 1)
    (cd "$work/download" && archive_apt apt-get -qq download libkokkos-dev "$runtime") || return 1
    for archive in "$work"/download/*.deb; do dpkg-deb -x "$archive" "$work/unpacked"; done
    mkdir -p "$prefix"
    cp -a "$work/unpacked/usr/include" "$work/unpacked/usr/lib" "$prefix/"
    libdir=$(dirname "$(find "$prefix/lib" -name libkokkoscore.so)")

    # Debian's configuration names /usr outright, and two archives that no package has.
    sed -i "s#\"/usr/include/kokkos\"#\"\${_IMPORT_PREFIX}/include/kokkos\"#" \
        "$libdir/cmake/Kokkos/KokkosTargets.cmake"
    grep -hoE 'lib/[^"]+\.a' "$libdir"/cmake/Kokkos/KokkosTargets-*.cmake | sort -u |
        while read -r archive; do
            [ -f "$prefix/$archive" ] || ar rcs "$prefix/$archive"
        done

    core=$(readlink -f "$libdir/libkokkoscore.so")
    missing=$(ldd "$core" 2>&1 | grep -oE "version .[A-Z]+_[0-9.]+' not found" |
        grep -oE '[A-Z]+_[0-9.]+' | sort -u | tr '\n' ' ' || true)
    if [ -n "$missing" ]; then
        say "this system lacks $missing: adding the compatibility library"
        # shellcheck disable=SC2086  # a list of words
        "$python" "$here/unversion.py" "$core" $missing
        g++ -O2 -fPIC -shared -Wl,-soname,libkokkoscompat.so.1 "$here/compat.cpp" \
            -o "$libdir/libkokkoscompat.so.1"
        # Two calls: in one, patchelf 0.14 writes a broken run path.
        patchelf --set-rpath "\$ORIGIN" "$core"
        patchelf --add-needed libkokkoscompat.so.1 "$core"
    fi
    unresolved=$(ldd -r "$core" 2>&1 | grep -E 'not found|undefined' || true)
    [ -z "$unresolved" ] || { say "still unresolved: $unresolved" >&2; return 1; }
    echo "$version, Debian's binary package" >"$prefix/tessera-kokkos"
}

if [ -f "$prefix/tessera-kokkos" ]; then
    say "already in $prefix: $(cat "$prefix/tessera-kokkos")"
    exit 0
fi
# Left over from a run that was cut short.
rm -rf "$prefix"
if from_source; then
    say "installed in $prefix: $(cat "$prefix/tessera-kokkos")"
    exit 0
fi
say "the archive does not serve a usable source package now: taking the binary one"
rm -rf "$prefix"
if from_binary; then
    say "installed in $prefix: $(cat "$prefix/tessera-kokkos")"
    exit 0
fi
rm -rf "$prefix"
fail "no Kokkos could be had from the Debian archive: set Kokkos_ROOT to one of version $oldest or newer (module, Spack), or set TESSERA_FETCH_KOKKOS=1 where the internet is reachable"
