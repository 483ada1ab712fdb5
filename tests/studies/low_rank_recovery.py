#!/usr/bin/env python3
"""Low-rank matrices in three kinds of noise (DeepTensor, figure 6): networks beside the SVD.

64 x 64, ranks 10 to 50, factors that are piecewise constant or independent normal numbers. PSNR in dB,
range of the truth, mean and standard deviation over seeds of truth, noise and networks. The SVD is cut
at the true rank, which networks and shrinkage are not told better than that."""
import statistics

import study

SCENE = """
[data]
scene = "low_rank"
scene_shape = [64, 64]
scene_rank = {rank}
scene_factors = "{factors}"
scale = "min-max"

[[corrupt]]
{noise}
"""
NOISE = {
    "Gaussian 0.1": 'kind = "gaussian"\nsigma = 0.1',
    "Poisson 1000": 'kind = "poisson"\npeak = 1000.0\nreadout = 0.2',
    "Rician 0.02": 'kind = "rician"\nsigma = 0.02',
}
METHODS = {
    "SVD": lambda rank: {"name": "svd", "truncation": "rank", "rank": rank},
    "shrinkage": lambda rank: {"name": "svd", "truncation": "shrinkage"},
    "skip": lambda rank: {"name": "factor_networks", "rank": rank, "jitter": 0.0, "steps": 2000,
                          "refit": True},
    "deep decoder": lambda rank: {"name": "factor_networks", "network": "deep_decoder",
                                  "rank": rank, "jitter": 0.0, "steps": 2000, "refit": True},
}


def case(factors, noise, rank, seeds):
    """PSNR by method, and of the networks' oracle, for each seed."""
    deck = SCENE.format(factors=factors, noise=NOISE[noise], rank=rank)
    found = {}
    for name, method in METHODS.items():
        for seed in range(1, seeds + 1):
            figures = study.figures(deck, method(rank), seed)
            found.setdefault(name, []).append(figures["psnr"])
            if "oracle_psnr" in figures:
                found.setdefault(name + ", oracle", []).append(figures["oracle_psnr"])
            if name == "SVD":
                found.setdefault("input", []).append(figures["input_psnr"])
    return found


def main():
    options = study.arguments(__doc__)
    columns = ["input", "SVD", "shrinkage", "skip", "skip, oracle", "deep decoder",
               "deep decoder, oracle"]
    study.table("factors", "noise", "rank", *columns)
    gains = {}
    for factors in ("piecewise", "gaussian"):
        for noise in NOISE:
            if options.only not in f"{factors} {noise}":
                continue
            for rank in (10, 30, 50):
                found = case(factors, noise, rank, options.seeds)
                study.row(factors, noise, rank, *(study.spread(found[name]) for name in columns))
                mean = {name: statistics.mean(values) for name, values in found.items()}
                gains.setdefault((factors, noise), []).append(
                    (mean["skip"] - mean["SVD"], mean["skip"] - mean["shrinkage"]))
    for (factors, noise), gain in gains.items():
        over_svd, over_shrinkage = (min(values) for values in zip(*gain))
        study.claim(f"{factors}, {noise}: networks beat the SVD of the true rank (least gain "
                    f"{over_svd:.1f} dB)", over_svd > 0)
        study.claim(f"{factors}, {noise}: networks beat optimal shrinkage (least gain "
                    f"{over_shrinkage:.1f} dB)", over_shrinkage > 0)


if __name__ == "__main__":
    main()
