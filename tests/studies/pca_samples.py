#!/usr/bin/env python3
"""Principal components from few noisy samples (DeepTensor, figure 7): PSNR of the fitted covariance.

64 features, samples in a space of 10 dimensions: an orthonormal basis times random coefficients of norm 1,
Gaussian noise of 0.2. The basis is that of independent normal numbers, as in the paper, or of piecewise
constant ones. PSNR in dB against the covariance of the clean samples (their range), mean and standard
deviation over seeds.

The network is one 1-D network of rank 10: 500 steps of 1e-4, which the paper chose by hand, or the end
chosen by validation; the oracle knows the truth. Beside it the covariance's leading 10 eigenvectors (the
paper's SVD), and these with the mean of the other eigenvalues taken off theirs, as the noise adds it
(probabilistic PCA, Tipping and Bishop 1999)."""
import pathlib
import statistics
import tempfile

import numpy

import study

FEATURES, RANK = 64, 10
SAMPLES = """
[data]
path = "{path}"
axes = ["samples", "features"]
covariance_over = "samples"

[[corrupt]]
kind = "gaussian"
sigma = 0.2
"""
NETWORK = {"name": "factor_networks", "contraction": "symmetric", "rank": RANK}
METHODS = {
    "SVD": {"name": "svd", "truncation": "rank", "rank": RANK},
    "network, 500 steps": {**NETWORK, "steps": 500, "learning_rate": 1e-4, "validation": "none"},
    "network, validation": {**NETWORK, "steps": 400},
}


def clean_samples(basis, samples, seed):
    random = numpy.random.default_rng(seed)
    if basis == "gaussian":
        columns = random.normal(size=(FEATURES, RANK))
    else:
        columns = numpy.zeros((FEATURES, RANK))
        for column in columns.T:
            numpy.add.at(column, random.integers(FEATURES, size=10), random.normal(size=10))
        columns = columns.cumsum(axis=0)
    coefficients = random.normal(size=(samples, RANK))
    coefficients /= numpy.linalg.norm(coefficients, axis=1, keepdims=True)
    return coefficients @ numpy.linalg.qr(columns)[0].T


def probabilistic_pca(observed, truth):
    values, vectors = numpy.linalg.eigh(observed)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = numpy.maximum(values[:RANK] - values[RANK:].mean(), 0.0)
    estimate = (vectors[:, :RANK] * kept) @ vectors[:, :RANK].T
    span = truth.max() - truth.min()
    return 10 * numpy.log10(span**2 / numpy.mean((estimate - truth) ** 2))


def case(basis, samples, seeds):
    found = {}
    add = lambda name, value: found.setdefault(name, []).append(value)  # noqa: E731
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "clean.npy")
            numpy.save(path, clean_samples(basis, samples, seed))
            deck = SAMPLES.format(path=path)
            for name, method in METHODS.items():
                figures = study.figures(deck, method, seed)
                add(name, figures["psnr"])
            add("input", figures["input_psnr"])
            add("network, oracle", figures["oracle_psnr"])
            add("probabilistic PCA", probabilistic_pca(**{
                {"observation": "observed"}.get(key, key): array.astype(float)
                for key, array in study.simulated(deck, seed).items()}))
    return found


def main():
    options = study.arguments(__doc__, seeds=3)
    columns = ["input", "SVD", "probabilistic PCA", "network, 500 steps", "network, validation",
               "network, oracle"]
    study.table("basis", "samples", *columns)
    for basis in ("gaussian", "piecewise"):
        if options.only not in basis:
            continue
        gains = {name: [] for name in ("SVD", "probabilistic PCA")}
        for samples in (32, 128, 1024):
            found = case(basis, samples, options.seeds)
            study.row(basis, samples, *(study.spread(found[name]) for name in columns))
            mean = {name: statistics.mean(values) for name, values in found.items()}
            for name, gain in gains.items():
                gain.append(mean["network, validation"] - mean[name])
        for name, gain in gains.items():
            study.claim(f"{basis}: the network that stops by validation beats {name} (gains "
                        f"{', '.join(f'{each:.1f}' for each in gain)} dB)", min(gain) > 0)


if __name__ == "__main__":
    main()
