#!/usr/bin/env python3
"""Drop symbol versions from what an ELF64 library needs.

A library built against a newer glibc or libstdc++ names versions (GLIBC_2.38) that an older system
does not have, and the loader refuses it although it lacks a handful of functions only. References
bound to the named versions become plain ones, which any library that defines the symbol may serve.

usage: unversion.py LIBRARY VERSION...
"""

import struct
import sys

GNU_VERNEED = 0x6FFFFFFE  # section: which versions are needed of which library
GNU_VERSYM = 0x6FFFFFFF  # section: the version index of each dynamic symbol
GLOBAL_INDEX = 1  # "no version" for a global symbol
HIDDEN_BIT = 0x8000


def sections(data):
    (offset,) = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    return [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]


def drop_needed_versions(data, names):
    """Unlink the version records of `names`; return their indices."""
    table = sections(data)
    needed = next(s for s in table if s[1] == GNU_VERNEED)
    strings = table[needed[6]][4]
    dropped = set()
    library = needed[4]
    while True:
        _, count, _, first, following = struct.unpack_from("<HHIII", data, library)
        kept, entry = [], library + first
        for _ in range(count):
            _, _, index, name_offset, step = struct.unpack_from("<IHHII", data, entry)
            start = strings + name_offset
            name = data[start : data.index(0, start)].decode()
            if name in names:
                dropped.add(index & ~HIDDEN_BIT)
            else:
                kept.append(entry)
            entry += step
        if not kept:
            sys.exit("a needed library would be left without any version")
        struct.pack_into("<H", data, library + 2, len(kept))
        struct.pack_into("<I", data, library + 8, kept[0] - library)
        for here, after in zip(kept, kept[1:] + [kept[-1]]):
            struct.pack_into("<I", data, here + 12, after - here)
        if not following:
            return dropped
        library += following


def unversion_symbols(data, indices):
    """Bind the symbols of these version indices to none; return how many there were."""
    versions = next(s for s in sections(data) if s[1] == GNU_VERSYM)
    changed = 0
    for place in range(versions[4], versions[4] + versions[5], 2):
        (index,) = struct.unpack_from("<H", data, place)
        if index & ~HIDDEN_BIT in indices:
            struct.pack_into("<H", data, place, GLOBAL_INDEX)
            changed += 1
    return changed


def main():
    path, names = sys.argv[1], set(sys.argv[2:])
    with open(path, "rb") as file:
        data = bytearray(file.read())
    if data[:6] != b"\x7fELF\x02\x01":
        sys.exit(f"{path}: a little-endian ELF64 file was expected")
    indices = drop_needed_versions(data, names)
    changed = unversion_symbols(data, indices)
    with open(path, "wb") as file:
        file.write(data)
    print(f"{path}: {len(indices)} versions dropped, {changed} symbols now without one")


if __name__ == "__main__":
    main()
