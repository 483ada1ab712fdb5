#!/usr/bin/env python3
"""Eigenfaces in photon noise (DeepTensor, figure 2): a linear SVM on projections of noisy pictures.

AT&T faces (below TESSERA_DATA), 40 people with 10 pictures each, binned to 28 x 23 pixels; peak as given,
readout 2. The pictures' covariance is fitted by one 2-D network of rank 40, and the pictures are projected
on its eigenvectors; PCA takes those of the covariance itself. The SVM learns from 3 pictures of each
person, mean over 10 draws; per cent, mean and standard deviation over seeds of noise and networks.

The paper stops after 100 steps, a number chosen by hand. Beside it: the end chosen by validation; the same
network after its first step, which has learnt nothing; PCA with the best of 5, 10, 20 and 40 eigenvectors;
PCA of pictures that were blurred (Gaussian of 1 pixel). The best number of eigenvectors and those of the
true covariance are an oracle's."""
import pathlib
import statistics
import tempfile

import numpy
import scipy.ndimage

import study

PICTURES = """
[data]
path = "{path}"
axes = ["pictures", "rows", "cols"]
{more}

{corrupt}
"""
FACES = {"path": "faces/att_faces", "more": 'bin = { rows = 4, cols = 4 }\nscale = "max"'}
NOISE = '[[corrupt]]\nkind = "poisson"\npeak = {peak}.0\nreadout = 2.0\n'
CLASSES = "\n[classify]\nsamples_per_class = 10\n"
OVER = '\ncovariance_over = "pictures"'
RANK = 40
NETWORK = {"name": "factor_networks", "contraction": "symmetric", "rank": RANK}
METHODS = {
    "network, 100 steps": {**NETWORK, "steps": 100, "validation": "none"},
    "network, validation": {**NETWORK, "steps": 500, "refit": True},
    "network, 1 step": {**NETWORK, "steps": 1, "validation": "none"},
}


def pictures(peak, covariance=True, path=FACES["path"], more=FACES["more"], corrupt=NOISE):
    deck = PICTURES.format(path=path, more=more + OVER * covariance,
                           corrupt=corrupt.format(peak=peak))
    return deck + CLASSES * covariance


def pca(deck, count, seed):
    # The number of triplets that the method itself keeps does not matter.
    method = {"name": "svd", "columns": ["rows_2", "cols_2"], "truncation": "rank", "rank": count}
    found = study.figures(deck, method, seed, f"output.components={count}")
    return 100 * found["svm_accuracy_pca"]


def blurred_pca(peak, seed):
    noisy = study.simulated(pictures(peak, covariance=False), seed)["observation"]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "blurred.npy")
        numpy.save(path, scipy.ndimage.gaussian_filter(noisy, (0, 1, 1)))
        return pca(pictures(peak, path=path, more="", corrupt=""), RANK, seed)


def case(peak, seeds):
    found = {}
    for seed in range(1, seeds + 1):
        deck = pictures(peak)
        add = lambda name, value: found.setdefault(name, []).append(value)  # noqa: E731
        for name, method in METHODS.items():
            figures = study.figures(deck, method, seed, f"output.components={RANK}")
            add(name, 100 * figures["svm_accuracy"])
        add("PCA", 100 * figures["svm_accuracy_pca"])
        add("truth", 100 * figures["svm_accuracy_oracle"])
        add("PCA, best", max(found["PCA"][-1], *(pca(deck, k, seed) for k in (5, 10, 20))))
        add("PCA, blurred", blurred_pca(peak, seed))
    return found


def main():
    options = study.arguments(__doc__, seeds=3)
    columns = ["PCA", *METHODS, "PCA, blurred", "PCA, best", "truth"]
    study.table("peak", *columns)
    means = []
    for peak in (100, 20, 10, 5):
        if options.only not in str(peak):
            continue
        found = case(peak, options.seeds)
        study.row(peak, *(study.spread(found[name]) for name in columns))
        means.append({name: statistics.mean(values) for name, values in found.items()})
    for name in METHODS:
        gains = [mean[name] - mean["PCA"] for mean in means]
        study.claim(f"{name}: more accurate than PCA at every noise level (gains "
                    f"{', '.join(f'{gain:.1f}' for gain in gains)})", min(gains) > 0)
    gains = [mean["network, 100 steps"] - mean["PCA, blurred"] for mean in means]
    study.claim(f"the network of 100 steps is more accurate than PCA of blurred pictures (gains "
                f"{', '.join(f'{gain:.1f}' for gain in gains)})", min(gains) > 0)


if __name__ == "__main__":
    main()
