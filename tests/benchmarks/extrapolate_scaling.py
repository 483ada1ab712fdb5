#!/usr/bin/env python3
"""Strong and weak scaling of factor_networks to many ranks, from its formulas and measured steps.

usage: tests/benchmarks/extrapolate_scaling.py TESSERA DECK --strong 2048,2048,64 --weak 64,2048,64
           (--measure SHAPE SHAPE | --seconds FIXED,RATE) [--ranks 1,2,...]
           [--latency S] [--bandwidth B] [KEY=VALUE ...]

TESSERA is the built program, DECK a deck of the method with skip networks on a simulated scene (2-D
+ 1-D, CP or matrix); KEY=VALUE go into the deck. `--strong` is the shape of a tensor that all ranks
share, `--weak` what each rank has of a tensor that grows with their number in its first axis.

    seconds of a step = FIXED + operations of the busiest rank / RATE + messages * S + bytes / B

FIXED and RATE are measured here: CPU seconds of a step on one rank, one thread, of two shapes that
differ in the first axis (`--measure`; `--seconds` takes the numbers of an earlier run instead).
Messages and bytes are those of `tessera plan`, of the rank that sends most.

Operations are multiplications of the matrix products: of an image's network on the rows that the
partition gives the busiest rank at every scale, 3 x 3 convolutions of stride 1 by Winograd's
F(4x4, 3x3) in whole tiles; of the replicated networks of the other axes; of the pass over the
block. FIXED is what is left: Adam, calls, sums.

Assumed: messages go one after the other and nothing overlaps with work; a reduction is a
reduce-scatter and an all-gather, 2 ceil(log2 P) messages and twice its bytes; every rank computes
as fast as the one that was measured, which ranks that share a memory do not quite.
"""

import argparse
import json
import math
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import tomllib

RANKS = "1,2,4,8,16,32,64,128,256,512,1000"
QUIET = ("output.pictures=false", "output.arrays=[]", 'method.validation="none"',
         "method.refit=false", "method.restarts=1")
TILE = 4
WINOGRAD_SITES = 1024
WINOGRAD_SHARE = 36 / 144


def numbers(text):
    return [int(word) for word in text.split(",")]


def shape_text(shape):
    return " x ".join(map(str, shape))


def shape_option(shape):
    return f"data.scene_shape={shape}"


class Program:
    def __init__(self, arguments):
        self.command = [os.path.abspath(arguments.program)]
        self.deck = os.path.abspath(arguments.deck)
        self.assignments = arguments.assignments

    def run(self, *arguments):
        done = subprocess.run([*self.command, *arguments], text=True, capture_output=True,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        # Unmet expectations of a deck that is cut short are none of ours.
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def plan(self, shape, ranks):
        plan = json.loads(self.run("plan", self.deck, "--json", "--ranks", str(ranks),
                                   *self.assignments, shape_option(shape)))
        return plan["plans"][0] | {"axes": plan["axes"], "shape": shape}

    def run_steps(self, shape, steps):
        """CPU seconds of a whole run, and its options of the method."""
        with tempfile.TemporaryDirectory() as folder:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.run("run", self.deck, *self.assignments, *QUIET, shape_option(shape),
                     f"method.steps={steps}", f'output.folder="{folder}"', 'output.name="run"')
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            deck = pathlib.Path(folder, "run", "deck.resolved.toml").read_text()
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return seconds, tomllib.loads(deck)["method"]

    def step_seconds(self, shape, few=1, many=4, repetitions=2):
        """Least CPU seconds of a step, without what a run needs besides."""
        least = {steps: min(self.run_steps(shape, steps)[0] for _ in range(repetitions))
                 for steps in (few, many)}
        return (least[many] - least[few]) / (many - few)


def owned_rows(rows, ranks):
    least, larger = divmod(rows, ranks)
    begin = 0
    for rank in range(ranks):
        end = begin + least + (rank < larger)
        yield begin, end
        begin = end


def most_scales(sites):
    scales, shortest = 0, (min(sites) + 1) // 2
    while shortest >= 2:
        scales, shortest = scales + 1, (shortest + 1) // 2
    return scales


def network_operations(sites, begin, end, options):
    """Of the rank with these rows: forward and both gradients of a skip network."""
    width, skips = options["channels"], options["skip_channels"]
    inputs = options["input_channels"] or options["rank"]
    taps = 3 ** len(sites)

    def convolution(own, across, sites, outputs):
        if len(sites) < 2 or math.prod(sites) < WINOGRAD_SITES:
            return own * across * taps * width * outputs
        tiles = math.ceil(own / TILE) * math.ceil(across / TILE)
        return WINOGRAD_SHARE * tiles * TILE**2 * taps * width * outputs

    across = math.prod(sites[1:])
    total = (end - begin) * across * width * options["rank"]
    for _ in range(min(options["scales"], most_scales(sites))):
        own = end - begin
        total += own * across * (inputs * skips + width**2)
        total += convolution(own, across, sites, width + skips)
        begin, end = (begin + 1) // 2, (end + 1) // 2
        sites = [(extent + 1) // 2 for extent in sites]
        across = math.prod(sites[1:])
        total += (end - begin) * across * taps * inputs * width
        total += convolution(end - begin, across, sites, width)
        inputs = width
    return 3 * total


def operations(plan, options):
    """Of the busiest rank: the image's network on its rows, the other networks whole, the pass."""
    shape = plan["shape"]
    has_image = (options["contraction"] in ("auto", "2d1d") and len(shape) > 2
                 and plan["axes"][:2] == ["rows", "cols"])
    total = 3 * math.prod(plan["block"]) * options["rank"]
    if has_image:
        total += max(network_operations(shape[:2], begin, end, options)
                     for begin, end in owned_rows(shape[0], plan["ranks"]))
    for extent in shape[2 if has_image else 0:]:
        total += network_operations([extent], 0, extent, options)
    return total


def table(title, rows):
    print(f"\n{title}\n\n| ranks | block | work, of 1 rank's | messages | MB sent | computing, s "
          "| sending, s | step, s | efficiency |\n" + "|---" * 9 + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def measure(program, shapes, options):
    """FIXED and RATE."""
    work, seconds = [], []
    for shape in shapes:
        work.append(operations(program.plan(shape, 1), options))
        seconds.append(program.step_seconds(shape))
        print(f"measured: {shape_text(shape)}: {seconds[-1]:.4f} CPU s per step, "
              f"{1e-9 * work[-1]:.3f} G products")
    rate = (work[1] - work[0]) / (seconds[1] - seconds[0])
    return max(0.0, seconds[0] - work[0] / rate), rate


def scaling(plans, options, fixed, rate, arguments, strong):
    """Rows of a table; efficiency beside the first number of ranks."""
    first = None
    for plan in plans:
        ranks = plan["ranks"]
        messages = plan.get("messages_per_step", 0.0)
        sent = plan.get("bytes_sent_per_step", 0.0)
        products = operations(plan, options)
        computing = fixed + products / rate
        sending = messages * arguments.latency + sent / arguments.bandwidth
        step = computing + sending
        cost = step * ranks if strong else step
        first = first or (cost, products)
        yield (f"{ranks}", shape_text(plan["block"]), f"{products / first[1]:.4f}",
               f"{messages:.0f}", f"{1e-6 * sent:.1f}", f"{computing:.4f}", f"{sending:.4f}",
               f"{step:.4f}", f"{100 * first[0] / cost:.0f} %")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("deck")
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--strong", type=numbers, required=True)
    parser.add_argument("--weak", type=numbers, required=True)
    parser.add_argument("--ranks", type=numbers, default=numbers(RANKS))
    costs = parser.add_mutually_exclusive_group(required=True)
    costs.add_argument("--measure", type=numbers, nargs=2)
    costs.add_argument("--seconds")
    parser.add_argument("--latency", type=float, default=2e-6, help="seconds per message")
    parser.add_argument("--bandwidth", type=float, default=1e9, help="bytes per second and rank")
    arguments = parser.parse_intermixed_args()
    program = Program(arguments)

    options = program.run_steps([16, *arguments.strong[1:]], 1)[1]
    if options["network"] != "skip" or options["contraction"] in ("tucker", "symmetric"):
        parser.error("operations are known of skip networks in 2-D + 1-D, CP and matrix form only")
    if arguments.seconds:
        fixed, rate = map(float, arguments.seconds.split(","))
    else:
        fixed, rate = measure(program, arguments.measure, options)
    print(f"FIXED {fixed:.5f} s, RATE {rate:.4g} products/s (--seconds {fixed:.6g},{rate:.6g}); "
          f"load {os.getloadavg()[0]:.1f}\nassumed: {1e6 * arguments.latency:g} us per message, "
          f"{1e-9 * arguments.bandwidth:g} GB/s per rank")
    for strong, title, shape_of in (
            (True, f"Strong: {shape_text(arguments.strong)}", lambda ranks: arguments.strong),
            (False, f"Weak: {shape_text(arguments.weak)} per rank",
             lambda ranks: [arguments.weak[0] * ranks, *arguments.weak[1:]])):
        plans = (program.plan(shape_of(ranks), ranks) for ranks in arguments.ranks)
        table(title, scaling(plans, options, fixed, rate, arguments, strong))


if __name__ == "__main__":
    main()
