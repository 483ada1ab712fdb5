#!/usr/bin/env python3
"""Strong and weak scaling of nuclear_norm to many ranks, from its formulas and measured kernels.

usage: tests/benchmarks/extrapolate_chains.py TESSERA --shape 1000000,200 [--weak 10000,200]
           --seconds FIXED,PER_ROW [--parts] [--ranks 1,2,...] [--latency S] [--bandwidth B]
           [KEY=VALUE ...]

TESSERA is the built program; KEY=VALUE go into the deck (method.chains=8, method.patch=[8,8,0]).
`--shape` is the tensor that all ranks share, `--weak` what each rank has of one that grows in its
first axis.

    seconds of a step = chains of the busiest group * (FIXED + rows on a rank * PER_ROW)
                        + messages * S + bytes / B

FIXED and PER_ROW are CPU seconds of one core for a step of one matrix (with `--parts`: for a part of
a trajectory of harmonic_flow, times the number of parts that a step begins with, 64 at most), as
bench_matrix_kernels measures them. Messages and bytes are those of `tessera plan`.

Assumed: messages go one after the other and nothing overlaps with work; a reduction is a
reduce-scatter and an all-gather, 2 ceil(log2 P) messages and twice its bytes, a broadcast ceil(log2
P) messages and its bytes; every rank computes as fast as the one that was measured; FIXED, which
holds the eigenvalues that one rank of a group finds for all, does not shrink.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

RANKS = "1,2,4,8,16,32,64,128,256,512,1000"
DECK = """
[data]
scene = "low_rank"
scene_shape = [64, 64]
scene_rank = 1
[method]
name = "nuclear_norm"
"""


def numbers(text):
    return [int(word) for word in text.split(",")]


def plan(program, deck, shape, ranks, assignments):
    done = subprocess.run([program, "plan", deck, "--json", "--ranks", str(ranks),
                           f"data.scene_shape={shape}", *assignments],
                          text=True, capture_output=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return json.loads(done.stdout)["plans"][0]


def group_size(ranks, units, whole):
    """As ChainGroups: the smallest that divides the ranks and leaves no group without a unit."""
    if whole:
        return 1
    return next(size for size in range(1, ranks + 1)
                if ranks % size == 0 and ranks // size <= units)


def matrices(shape, patch):
    """Their number, rows and columns, which are the last axis or the rows."""
    sizes = [size or whole for size, whole in zip(patch or [0] * len(shape), shape)]
    count = math.prod(math.ceil(whole / size) for size, whole in zip(sizes, shape))
    sides = [math.prod(sizes[:-1]), sizes[-1]]
    return count, max(sides), min(sides)


def parts(rows, columns):
    """As HarmonicFlow begins."""
    length = min(1.5, 2.0 * (rows * columns) ** -0.25)
    return min(64, max(1, round(0.5 * math.pi / length)))


def scaling(arguments, deck, shape_of, strong):
    first = None
    for ranks in arguments.ranks:
        shape = shape_of(ranks)
        told = plan(arguments.program, deck, shape, ranks, arguments.assignments)
        count, rows, columns = matrices(shape, arguments.patch)
        units = count * arguments.chains
        size = group_size(ranks, units, arguments.whole)
        busiest = math.ceil(units / (ranks // size))
        times = parts(rows, columns) if arguments.parts else 1
        fixed, per_row = arguments.seconds
        computing = busiest * times * (fixed + math.ceil(rows / size) * per_row)
        messages = told.get("messages_per_step", 0.0)
        sent = told.get("bytes_sent_per_step", 0.0)
        sending = messages * arguments.latency + sent / arguments.bandwidth
        step = computing + sending
        # Of a weak series the work of a rank is that of its chains' rows and parts.
        cost = step * ranks / (1 if strong else count * rows * times)
        first = first or cost
        yield (f"{ranks}", f"{size}", f"{busiest}", f"{math.ceil(rows / size)}", f"{times}",
               f"{messages:.0f}", f"{1e-6 * sent:.2f}", f"{computing:.4g}", f"{sending:.4g}",
               f"{step:.4g}", f"{100 * first / cost:.0f} %")


def table(title, rows):
    print(f"\n{title}\n\n| ranks | to a matrix | chains of a group | rows on a rank | parts | messages "
          "| MB sent | computing, s | sending, s | step, s | efficiency |\n" + "|---" * 11 + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--shape", type=numbers, required=True)
    parser.add_argument("--weak", type=numbers)
    parser.add_argument("--patch", type=numbers, default=[])
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--seconds", required=True,
                        type=lambda text: tuple(map(float, text.split(","))))
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--ranks", type=numbers, default=numbers(RANKS))
    parser.add_argument("--latency", type=float, default=2e-6, help="seconds per message")
    parser.add_argument("--bandwidth", type=float, default=1e9, help="bytes per second and rank")
    arguments = parser.parse_intermixed_args()
    arguments.program = os.path.abspath(arguments.program)
    arguments.whole = not arguments.parts
    arguments.assignments += [f"method.chains={arguments.chains}", f"method.patch={arguments.patch}",
                              'method.sampler="{}"'.format(
                                  "harmonic_flow" if arguments.parts else "svd_gibbs")]
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as deck:
        deck.write(DECK)
        deck.flush()
        table(f"Strong: {arguments.shape}",
              scaling(arguments, deck.name, lambda ranks: arguments.shape, True))
        if arguments.weak:
            first, *others = arguments.weak
            table(f"Weak: {arguments.weak} for each rank",
                  scaling(arguments, deck.name, lambda ranks: [first * ranks, *others], False))


if __name__ == "__main__":
    main()
