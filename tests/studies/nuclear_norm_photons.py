#!/usr/bin/env python3
"""The nuclear-norm posterior of counts: Poisson likelihood against Gaussian noise of one level, and the SVD.

24 x 24 pixels of Jasper Ridge (the shore of its lake: dark water beside bright land), bands averaged into
14, at most 20 or 100 counts. Patches of 8 x 8 pixels x all bands, or the crop as one matrix, with all
weights of the norm 1 or the first four 0.1; penalties inferred, two chains of 500 draws after 300. The Gaussian level is inferred, or the root mean square of the
noise (from the truth). PSNR in dB, range of the truth; per cent of true entries within intervals of 90 %;
the SVD's best rank is chosen by the truth. Means over seeds, R-hat the worst."""
import study

CUBE = """
[data]
path = "hyperspectral/jasperRidge2_R198.mat:Y"
axes = ["bands", "rows", "cols"]
shape = [198, 100, 100]
region = {{ rows = [30, 54], cols = [30, 54] }}
bin = {{ bands = 14 }}
scale = "max"

[[corrupt]]
kind = "poisson"
peak = {peak}
"""
CHAINS = {"name": "nuclear_norm", "chains": 2, "warm_up": 300, "draws": 500, "maximum_r_hat": 1e9,
          "minimum_effective_draws": 0.0}
PATCHES = {"patch": [8, 8, 0]}


def best_rank(deck, seed):
    return max((study.figures(deck, {"name": "svd", "truncation": "rank", "rank": rank}, seed)
                for rank in range(1, 11)), key=lambda figures: figures["psnr"])


def case(deck, method, seed):
    """Figures of a method; `level` in it asks for the noise's root mean square as the known level."""
    options = dict(method)
    if options.pop("level", False):
        shrinkage = study.figures(deck, {"name": "svd"}, seed)
        options["noise_sigma"] = round(shrinkage["input_rmse"], 5)
    return study.figures(deck, options, seed)


def cases():
    gaussian = {**CHAINS, "likelihood": "gaussian"}
    poisson = {**CHAINS, "likelihood": "poisson"}
    # The scene has four materials.
    weighted = {"weights": [0.1, 0.1, 0.1, 0.1, 1.0]}
    return {
        "Poisson, patches": {**poisson, **PATCHES},
        "Poisson, one matrix": poisson,
        "Gaussian, known level, patches": {**gaussian, **PATCHES, "level": True},
        "Gaussian, known level, one matrix": {**gaussian, "level": True},
        "Gaussian, inferred level, patches": {**gaussian, **PATCHES},
        "Gaussian, inferred level, one matrix": gaussian,
        "weighted, Poisson, one matrix": {**poisson, **weighted},
        "weighted, Gaussian, known level, one matrix": {**gaussian, **weighted, "level": True},
        "SVD, shrinkage": {"name": "svd"},
        "SVD, shrinkage after Anscombe": {"name": "svd", "stabilise": "anscombe"},
    }


def report(name, method, runs):
    seen = [run["coverage"] * 100.0 for run in runs if "coverage" in run]
    hats = [run["r_hat"] for run in runs if "r_hat" in run]
    study.row(name, method, study.spread([run["input_psnr"] for run in runs]),
              study.spread([run["psnr"] for run in runs]), study.spread(seen) if seen else "",
              f"{max(hats):.2f}" if hats else "")


def main():
    options = study.arguments(__doc__, seeds=3)
    study.table("counts", "method", "input", "PSNR", "coverage", "worst R-hat")
    for peak in (20.0, 100.0):
        deck = CUBE.format(peak=peak)
        name = f"peak {peak:.0f}"
        for method, settings in cases().items():
            if options.only in f"{name}, {method}":
                report(name, method, [case(deck, settings, seed)
                                      for seed in range(1, options.seeds + 1)])
        if options.only in f"{name}, SVD, best rank":
            report(name, "SVD, best rank (oracle)",
                   [best_rank(deck, seed) for seed in range(1, options.seeds + 1)])


if __name__ == "__main__":
    main()
