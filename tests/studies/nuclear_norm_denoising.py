#!/usr/bin/env python3
"""The nuclear-norm distribution on images and on a cube, beside the SVD.

Images: two wide bands of Jasper Ridge and two of AT&T's faces, binned to about 30 x 30, with noise 0.1 and
with half of the pixels missing besides; the inferred penalty against ten values from 0.01 to 100. The cube:
32 x 32 pixels of Jasper Ridge with 19 wide bands, noise 0.05 or 0.02 to 0.1 by band, as one matrix and as
patches of 8 x 8 pixels. The whole cube, with `--only whole` or a part of it (`--only 'whole 0.05 patches'`: a
cell whose noise and method begin so): 100 x 100 pixels and 198 bands, as one matrix and as patches of 10 x 10
pixels. PSNR in dB, range of the truth; of the missing pixels where there are any. Two
chains; whether they have converged is told, not asked for."""
import math

import study

JASPER = """
[data]
path = "hyperspectral/jasperRidge2_R198.mat:Y"
axes = ["bands", "rows", "cols"]
shape = [198, 100, 100]
scale = "max"
region = {{ bands = [{first}, {last}], rows = {rows}, cols = {cols} }}
{bin}
"""
FACE = """
[data]
path = "faces/att_faces"
axes = ["pictures", "rows", "cols"]
scale = "max"
region = {{ pictures = [{first}, {last}] }}
bin = {{ rows = 4, cols = 4 }}
"""
NOISE = """
[[corrupt]]
kind = "gaussian"
sigma = {sigma}
"""
MISSING = """
[[corrupt]]
kind = "missing"
pattern = "entries"
keep = 0.5
"""
CHAINS = {"name": "nuclear_norm", "sampler": "svd_gibbs", "chains": 2, "interval": 0.0,
          "maximum_r_hat": 1e9, "minimum_effective_draws": 0.0}
IMAGES = {**CHAINS, "columns": ["cols"], "warm_up": 500, "draws": 500}
CUBE = {**CHAINS, "warm_up": 300, "draws": 300}
WHOLE = {**CHAINS, "interval": 0.9, "warm_up": 100, "draws": 100}
GRID = [10.0 ** (-2.0 + 4.0 * point / 9.0) for point in range(10)]
SVD = {"name": "svd", "imputation_tolerance": 1e-3, "imputation_maximum_steps": 5000}


def images():
    """Deck of each image, by name."""
    decks = {}
    for number in (0, 2):
        place = {"first": 50 * number, "last": 50 * number + 50}
        decks[f"bands {place['first']} to {place['last'] - 1}"] = JASPER.format(
            rows="[40, 100]", cols="[40, 100]", bin="bin = { bands = 50, rows = 2, cols = 2 }", **place)
    for number in (0, 200):
        decks[f"face {number}"] = FACE.format(first=number, last=number + 1)
    return decks


def best(deck, methods, seed, figure):
    """The best of several methods by the truth."""
    found = []
    for label, method in methods:
        figures = study.figures(deck, method, seed)
        found.append((figures[figure], label))
    return max(found)


def of_ranks(ranks, **options):
    return [(rank, {**SVD, **options, "truncation": "rank", "rank": rank}) for rank in ranks]


def image_row(name, image, task, seed):
    deck = image + NOISE.format(sigma=0.1) + (MISSING if task == "completion" else "")
    figure = "missing_psnr" if task == "completion" else "psnr"
    adaptive = study.figures(deck, IMAGES, seed)
    grid = [(f"{penalty:.2g}", {**IMAGES, "penalty": penalty}) for penalty in GRID]
    best_of_grid, at = best(deck, grid, seed, figure)
    rank_psnr, rank = best(deck, of_ranks(range(1, 7), columns=["cols"]), seed, figure)
    if task == "denoising":
        method = {**SVD, "truncation": "shrinkage", "columns": ["cols"]}
        shrinkage = study.figures(deck, method, seed)
        shrunk = f"{shrinkage[figure]:.2f}"
    else:
        shrunk = ""
    study.row(name, task, f"{adaptive[figure]:.2f}", f"{adaptive['penalty']:.2g}",
              f"{adaptive['r_hat']:.2f}", f"{best_of_grid:.2f} at {at}",
              f"{rank_psnr:.2f} at {rank}", shrunk)
    return adaptive[figure] - best_of_grid


def compare_images(options):
    study.table("image", "task", "inferred penalty", "its mean", "R-hat", "best of the grid",
                "SVD, best rank (oracle)", "SVD, shrinkage")
    for task in ("denoising", "completion"):
        losses = [image_row(name, image, task, seed) for name, image in images().items()
                  for seed in range(1, options.seeds + 1) if options.only in f"{name} {task}"]
        if losses:
            study.claim(f"{task}: the inferred penalty is within 0.5 dB of the grid's best "
                        f"({min(losses):+.1f} to {max(losses):+.1f} dB)", min(losses) > -0.5)


def edge(rows, columns):
    """The largest singular value of standard noise."""
    return math.sqrt(rows) + math.sqrt(columns)


def compare_whole(options):
    """Minutes for each cell, so only on request."""
    if not options.only.startswith("whole"):
        return
    wanted = options.only.removeprefix("whole").strip()
    cube = JASPER.format(first=0, last=198, rows="[0, 100]", cols="[0, 100]", bin="")
    levels = [round(0.02 + 0.08 * band / 197.0, 4) for band in range(198)]
    patches = {**WHOLE, "patch": [10, 10, 0], "traced_matrices": 16}
    study.table("cube, noise", "method", "PSNR", "coverage of 90 %", "R-hat", "penalty")
    for name, sigma in (("0.05", 0.05), ("0.02 to 0.1 by band", levels)):
        deck = cube + NOISE.format(sigma=sigma)
        chains = (("one matrix", WHOLE),
                  ("one matrix, penalty at the noise's edge",
                   {**WHOLE, "penalty": edge(10000.0, 198.0)}),
                  ("patches", patches),
                  ("patches, penalty at the noise's edge", {**patches, "penalty": edge(198.0, 100.0)}))
        for label, method in chains:
            if not f"{name} {label}".startswith(wanted):
                continue
            figures = study.figures(deck, method, 1)
            study.row(name, label, f"{figures['psnr']:.2f}", f"{100.0 * figures['coverage']:.1f} %",
                      f"{figures['r_hat']:.2f}", f"{figures['penalty']:.3g}")
        if not f"{name} SVD".startswith(wanted):
            continue
        for label, method in (("SVD, shrinkage", {**SVD, "truncation": "shrinkage"}),
                              ("SVD, shrinkage, whitened",
                               {**SVD, "truncation": "shrinkage", "whiten": True})):
            study.row(name, label, f"{study.figures(deck, method, 1)['psnr']:.2f}", "", "", "")
        rank_psnr, rank = best(deck, of_ranks(range(2, 25, 2)), 1, "psnr")
        study.row(name, f"SVD, best rank (oracle: {rank})", f"{rank_psnr:.2f}", "", "", "")


def compare_cube(options):
    cube = JASPER.format(first=0, last=198, rows="[60, 92]", cols="[60, 92]", bin="bin = { bands = 10 }")
    levels = [round(0.02 + 0.08 * band / 18.0, 4) for band in range(19)]
    study.table("cube, noise", "input", "one matrix", "patches",
                "one matrix, penalty at the noise's edge", "SVD, best rank (oracle)",
                "SVD, shrinkage", "SVD, shrinkage, whitened")
    for name, sigma in (("0.05", 0.05), ("0.02 to 0.1 by band", levels)):
        if options.only not in f"cube {name}":
            continue
        deck = cube + NOISE.format(sigma=sigma)
        found = [study.figures(deck, method, 1) for method in (
            CUBE, {**CUBE, "patch": [8, 8, 0]}, {**CUBE, "penalty": edge(1024.0, 19.0)},
            {**SVD, "truncation": "shrinkage"},
            {**SVD, "truncation": "shrinkage", "whiten": True})]
        rank_psnr, rank = best(deck, of_ranks(range(1, 13)), 1, "psnr")
        cells = [f"{figures['psnr']:.2f}" for figures in found]
        cells[:3] = [f"{cell} (R-hat {figures['r_hat']:.2f})"
                     for cell, figures in zip(cells, found[:3])]
        study.row(name, f"{found[0]['input_psnr']:.2f}", *cells[:3], f"{rank_psnr:.2f} at {rank}",
                  *cells[3:])


def main():
    options = study.arguments(__doc__, seeds=1)
    compare_whole(options)
    compare_cube(options)
    compare_images(options)


if __name__ == "__main__":
    main()
