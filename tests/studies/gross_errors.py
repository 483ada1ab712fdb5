#!/usr/bin/env python3
"""Faces with salt and pepper (DeepTensor, figure 10): CP with networks beside methods that know no outliers.

50 of AT&T's faces at half the resolution (50 x 56 x 46), 30 % and 60 % of the entries 0 or 1. CP of rank
100: 12 % as many numbers as entries, as the paper's rank 2000 has 20 %. PSNR in dB, range of the truth;
networks stop by held-out entries, of the other methods the rank is the best by the truth."""
import statistics

import study

SCENE = """
[data]
path = "faces/att_faces"
axes = ["pictures", "rows", "cols"]
region = {{ pictures = [0, 50] }}
bin = {{ rows = 2, cols = 2 }}
scale = "max"

[[corrupt]]
kind = "salt-pepper"
ratio = {ratio}
"""
NETWORK = {"name": "factor_networks", "contraction": "cp", "rank": 100, "steps": 1500}
FITTED = {
    "free factors, l1": {**NETWORK, "network": "free", "loss": "l1"},
    "networks, l2": NETWORK,
    "networks, l1": {**NETWORK, "loss": "l1"},
    "networks, terms 0.05": {**NETWORK, "outliers": True, "outlier_rate": 0.05},
    "networks, terms 0.015": {**NETWORK, "outliers": True, "outlier_rate": 0.015},
}
BASELINES = {
    "shrinkage": [{"name": "svd", "columns": ["pictures"], "truncation": "shrinkage"}],
    "SVD": [{"name": "svd", "columns": ["pictures"], "truncation": "rank", "rank": rank}
            for rank in (1, 2, 5, 10)],
    "Tucker": [{"name": "tucker", "ranks": ranks}
               for ranks in ([2, 5, 5], [5, 8, 8], [10, 15, 15], [20, 25, 25])],
    "CP": [{"name": "cp", "rank": rank, "tolerance": 1e-4} for rank in (5, 10, 20, 40)],
}


def case(ratio, seeds):
    deck = SCENE.format(ratio=ratio)
    found = {}
    for seed in range(1, seeds + 1):
        for name, methods in BASELINES.items():
            runs = [study.figures(deck, method, seed) for method in methods]
            found.setdefault(name, []).append(max(figures["psnr"] for figures in runs))
        found.setdefault("input", []).append(runs[0]["input_psnr"])
        for name, method in FITTED.items():
            figures = study.figures(deck, method, seed)
            found.setdefault(name, []).append(figures["psnr"])
            found.setdefault(name + ", oracle", []).append(figures["oracle_psnr"])
            found.setdefault(name + ", step", []).append(figures["best_step"])
    return found


def main():
    options = study.arguments(__doc__, seeds=2)
    study.table("method", "ratio", "PSNR", "oracle", "step")
    means = {}
    for ratio in (0.3, 0.6):
        if options.only not in str(ratio):
            continue
        found = case(ratio, options.seeds)
        for name in ("input", *BASELINES, *FITTED):
            fitted = name in FITTED
            study.row(name, ratio, study.spread(found[name]),
                      study.spread(found[name + ", oracle"]) if fitted else "",
                      f"{statistics.mean(found[name + ', step']):.0f}" if fitted else "")
            means[name] = statistics.mean(found[name])
        classical = max(means[name] for name in BASELINES)
        for name in FITTED:
            study.claim(f"{ratio}: {name} beat the best of the classical methods "
                        f"({means[name] - classical:+.1f} dB)", means[name] > classical)
        study.claim(f"{ratio}: networks, l1 beat free factors with the same loss "
                    f"({means['networks, l1'] - means['free factors, l1']:+.1f} dB)",
                    means["networks, l1"] > means["free factors, l1"])


if __name__ == "__main__":
    main()
