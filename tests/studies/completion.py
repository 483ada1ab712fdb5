#!/usr/bin/env python3
"""Completion of few observed entries: networks beside imputation by the SVD, Tucker, CP and trivial fills.

A part of the simulated Indian Pines cube (64 x 64 x 56: rows and columns from 0 on, four bands averaged into
one) and a thorax CT (LIDC2, binned to 66 x 64 x 64); 5, 10 and 30 % of the entries observed. PSNR in dB of the
missing entries, range of the truth; networks stop by a tenth of the observed entries that is held out, of
the other methods the rank is the best by the truth, and trivial fills are judged at a tenth of the observed
entries."""
import math
import statistics

import study

SCENES = {
    "Indian Pines": """
[data]
path = "hyperspectral/simu_indian.mat:Ori_H"
axes = ["rows", "cols", "bands"]
region = { rows = [0, 64], cols = [0, 64] }
bin = { bands = 4 }
""",
    "LIDC2": """
[data]
path = "ct/LIDC2.mha"
axes = ["slices", "rows", "cols"]
bin = { slices = 2, rows = 4, cols = 4 }
""",
}
MISSING = """scale = "max"
{hold_out}

[[corrupt]]
kind = "missing"
pattern = "entries"
keep = {keep}
"""
NETWORK = {"name": "factor_networks", "channels": 64, "steps": 800}
NETWORKS = {
    "CP networks": {**NETWORK, "contraction": "cp", "rank": 40, "learning_rate": 0.01, "jitter": 0.0},
    "2-D + 1-D networks": {**NETWORK, "contraction": "2d1d", "rank": 10, "learning_rate": 0.003},
}
TUCKER_RANKS = {"Indian Pines": ([5, 5, 2], [10, 10, 4], [20, 20, 6]),
                "LIDC2": ([5, 5, 5], [10, 10, 10], [20, 20, 20])}
FILLS = ("mean", "mode_means", "nearest")


def baselines(scene):
    return {
        "SVD": [{"name": "svd", "truncation": "rank", "rank": rank,
                 "imputation_tolerance": 1e-3} for rank in (1, 2, 4, 8)],
        "Tucker": [{"name": "tucker", "ranks": ranks, "completion_tolerance": 1e-3}
                   for ranks in TUCKER_RANKS[scene]],
        "CP": [{"name": "cp", "rank": rank, "tolerance": 1e-4} for rank in (2, 5, 10, 20)],
    }


def trivial_fills(scene, keep, seed):
    """PSNR of each fill."""
    deck = SCENES[scene] + MISSING.format(keep=keep / 0.9, hold_out="hold_out = 0.1")
    figures = study.figures(deck, baselines(scene)["SVD"][0], seed)
    return {fill: -20.0 * math.log10(figures[f"held_out_rmse_{fill}"] / figures["range"])
            for fill in FILLS}


def case(scene, keep, seeds):
    deck = SCENES[scene] + MISSING.format(keep=keep, hold_out="")
    found = {}
    for seed in range(1, seeds + 1):
        for fill, quality in trivial_fills(scene, keep, seed).items():
            found.setdefault(fill, []).append(quality)
        for name, methods in baselines(scene).items():
            found.setdefault(name, []).append(
                max(study.figures(deck, method, seed)["missing_psnr"] for method in methods))
        for name, method in NETWORKS.items():
            figures = study.figures(deck, method, seed)
            found.setdefault(name, []).append(figures["missing_psnr"])
            found.setdefault(name + ", oracle", []).append(figures["oracle_missing_psnr"])
    return found


def main():
    options = study.arguments(__doc__, seeds=2)
    columns = (*FILLS, "SVD", "Tucker", "CP",
               *(name + oracle for name in NETWORKS for oracle in ("", ", oracle")))
    study.table("observed", *columns)
    for scene, keep in ((scene, keep) for scene in SCENES for keep in (0.05, 0.1, 0.3)):
        label = f"{scene}, {100 * keep:.0f} %"
        if options.only not in label:
            continue
        found = case(scene, keep, options.seeds)
        study.row(label, *(study.spread(found[name]) for name in columns))
        best = max((statistics.mean(found[name]), name) for name in baselines(scene))
        for name in NETWORKS:
            gain = statistics.mean(found[name]) - best[0]
            study.claim(f"{label}: {name} beat {best[1]} ({gain:+.1f} dB)", gain > 0.0)


if __name__ == "__main__":
    main()
