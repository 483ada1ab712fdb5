#!/usr/bin/env python3
"""What a step costs (DeepTensor, figure 4): 3 x 1-D and 2-D + 1-D networks beside one 3-D network.

CPU seconds per step (user and system; the difference of two runs on one rank) of the
skip network at its full width for a volume of 64 x 64 x 75 and, but for the 3-D network, of the
paper's 128 x 128 x 150."""
import resource

import study

SCENE = """
[data]
scene = "hyperspectral"
scene_shape = {shape}
scale = "max"

[[corrupt]]
kind = "gaussian"
sigma = 0.1
"""
NETWORK = {"name": "factor_networks", "validation": "none", "backtrack": 0.0}
MODELS = {
    "3 x 1-D, rank 20": ({**NETWORK, "contraction": "cp", "rank": 20}, 40),
    "3 x 1-D, rank 1000": ({**NETWORK, "contraction": "cp", "rank": 1000}, 10),
    "2-D + 1-D, rank 20": ({**NETWORK, "contraction": "2d1d", "rank": 20}, 10),
    "3-D": ({**NETWORK, "contraction": "full", "input_channels": 20}, 1),
}


def cpu_seconds(deck, method):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    study.figures(deck, method, 1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def step_cost(deck, method, steps):
    """CPU seconds of one step; the last step of a run goes back through no network."""
    few, many = (cpu_seconds(deck, {**method, "steps": count}) for count in (2, 2 + steps))
    return (many - few) / steps


def main():
    options = study.arguments(__doc__, seeds=1)
    study.table("model", "volume", "CPU s per step", "3-D network's, times")
    for shape in ([64, 64, 75], [128, 128, 150]):
        deck = SCENE.format(shape=shape)
        cost = {name: step_cost(deck, method, steps) for name, (method, steps) in MODELS.items()
                if options.only in f"{name} {shape}" and (name != "3-D" or shape[0] == 64)}
        for name, seconds in cost.items():
            study.row(name, " x ".join(str(extent) for extent in shape), f"{seconds:.3f}",
                      f"{cost['3-D'] / seconds:.0f}" if "3-D" in cost else "")
        for name, seconds in cost.items():
            if name != "3-D" and "3-D" in cost:
                study.claim(f"{name}: 60 times cheaper than the 3-D network",
                            cost["3-D"] > 60.0 * seconds)


if __name__ == "__main__":
    main()
