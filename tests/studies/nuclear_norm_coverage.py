#!/usr/bin/env python3
"""How often intervals of 90 % of the nuclear-norm posterior hold the truth, also where entries are missing.

Matrices drawn from the prior itself (64 of 12 x 4, penalty 1 or 3 in units of the noise, by the exact
sampler), where the share must be 90 % if the penalty is known; and matrices of rank 1, 5 and 20 (20 x 20,
four of them, independent normal factors, root mean square 1), which are no draws from it. Needs NumPy."""
import pathlib
import tempfile

import numpy

import study

METHOD = {"name": "nuclear_norm", "patch": [1, 0, 0], "columns": ["cols"],
          "chains": 2, "warm_up": 200, "draws": 500, "maximum_r_hat": 1e9, "minimum_effective_draws": 0.0}
DECK = """
[data]
path = "{path}"
axes = ["matrices", "rows", "cols"]

[[corrupt]]
kind = "gaussian"
sigma = {sigma}
"""
MISSING = """
[[corrupt]]
kind = "missing"
pattern = "entries"
keep = 0.7
"""


def haar(random, rows, columns):
    """A matrix with orthonormal columns, uniformly distributed."""
    q, r = numpy.linalg.qr(random.standard_normal((rows, columns)))
    return q * numpy.sign(numpy.diag(r))


def prior_draw(random, rows, columns, penalty):
    """An exact draw of density exp(-penalty ||X||_*), rows >= columns: X = V P, P symmetric and
    positive, proposed from the Wishart law of 2 rows - columns + 1 degrees of freedom."""
    while True:
        normal = random.standard_normal((2 * rows - columns + 1, columns))
        values, vectors = numpy.linalg.eigh(normal.T @ normal)
        pairs = values[:, None] + values[None, :]
        shares = pairs[numpy.triu_indices(columns, 1)] / (2.0 * values.mean())
        if random.random() < numpy.prod(shares):
            break
    values *= random.gamma(rows * columns, 1.0 / penalty) / values.sum()
    return haar(random, rows, columns) @ (vectors * values) @ vectors.T


def low_rank(random, size, rank):
    product = random.standard_normal((size, rank)) @ random.standard_normal((rank, size))
    return product / numpy.sqrt(numpy.mean(product ** 2))


def case(matrices, sigma, method, seed):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "truth.npy")
        numpy.save(path, matrices)
        deck = DECK.format(path=path, sigma=sigma)
        # It is the faster one where nothing is missing, and mixes slowly where something is.
        full = study.figures(deck, {**METHOD, **method, "sampler": "svd_gibbs"}, seed)
        part = study.figures(deck + MISSING, {**METHOD, **method}, seed)
    return {"coverage": full["coverage"], "missing": part["missing_coverage"],
            "observed": part["coverage"], "r_hat": max(full["r_hat"], part["r_hat"])}


def cases():
    """Name, matrices for a seed, noise, and options of the method."""
    for penalty in (1.0, 3.0):
        def draws(random, penalty=penalty):
            return numpy.stack([prior_draw(random, 12, 4, penalty) for _ in range(64)])
        yield f"prior, penalty {penalty:.0f}, known", draws, 1.0, {"penalty": penalty}
        yield f"prior, penalty {penalty:.0f}, inferred", draws, 1.0, {}
    for rank in (1, 5, 20):
        def products(random, rank=rank):
            return numpy.stack([low_rank(random, 20, rank) for _ in range(4)])
        for sigma in (0.1, 0.5):
            yield f"rank {rank}, noise {sigma}", products, sigma, {}


def main():
    options = study.arguments(__doc__, seeds=3)
    study.table("matrices", "all entries", "30 % missing: all", "30 % missing: the missing",
                "worst R-hat")
    for name, matrices, sigma, method in cases():
        if options.only not in name:
            continue
        found = [case(matrices(numpy.random.default_rng(seed)), sigma, method, seed)
                 for seed in range(1, options.seeds + 1)]
        study.row(name, *(study.spread([100.0 * one[figure] for one in found])
                          for figure in ("coverage", "observed", "missing")),
                  f"{max(one['r_hat'] for one in found):.2f}")


if __name__ == "__main__":
    main()
