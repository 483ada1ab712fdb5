#!/usr/bin/env python3
"""Low frequencies of handwritten digits against the nuclear-norm distribution and against normal entries.

MNIST's 10,000 test images: real parts of the first 5 x 5 Fourier coefficients, the mean matrix removed, penalty
25 / mean norm; independent normal entries of the same mean square, of one variance and of one for each
coefficient. Kolmogorov-Smirnov distances of the nuclear norm and of each singular value. Needs NumPy and
SciPy."""
import gzip
import os
import pathlib

import numpy
from scipy import stats

import study
from nuclear_norm_coverage import prior_draw

DRAWS = 5000
SIZE = 5


def coefficients():
    path = pathlib.Path(os.environ["TESSERA_DATA"], "digits_objects/t10k-images-idx3-ubyte.gz")
    images = numpy.frombuffer(gzip.open(path).read(), numpy.uint8, offset=16).reshape(-1, 28, 28)
    low = numpy.fft.fft2(images / 255.0).real[:, :SIZE, :SIZE]
    return low - low.mean(axis=0)


def values(matrices):
    """Singular values of each matrix, and their sum."""
    found = numpy.linalg.svd(matrices, compute_uv=False)
    return numpy.hstack([found.sum(axis=1, keepdims=True), found])


def main():
    study.arguments(__doc__, seeds=1)
    random = numpy.random.default_rng(1)
    matrices = coefficients()
    digits = values(matrices)
    penalty = SIZE * SIZE / digits[:, 0].mean()
    normal = random.standard_normal((DRAWS, SIZE, SIZE))
    laws = {
        "nuclear-norm distribution": numpy.stack(
            [prior_draw(random, SIZE, SIZE, penalty) for _ in range(DRAWS)]),
        "normal, one variance": normal * numpy.sqrt(numpy.mean(matrices ** 2)),
        "normal, a variance for each": normal * numpy.sqrt(numpy.mean(matrices ** 2, axis=0)),
    }
    spread = digits[:, 0].std() / digits[:, 0].mean()
    gamma = stats.gamma(SIZE ** 2, scale=1.0 / penalty)
    print(f"penalty {penalty:.3f}; the norm's deviation is {spread:.2f} of its mean, "
          f"{1.0 / SIZE:.2f} by the gamma law, whose distance from the norms is "
          f"{stats.kstest(digits[:, 0], gamma.cdf)[0]:.3f}")
    study.table("law", "norm", *(f"singular value {number}" for number in range(1, SIZE + 1)))
    distances = {}
    for name, drawn in laws.items():
        of_law = values(drawn)
        distances[name] = [stats.ks_2samp(digits[:, number], of_law[:, number])[0]
                           for number in range(SIZE + 1)]
        study.row(name, *(f"{distance:.3f}" for distance in distances[name]))
    nuclear, one = distances["nuclear-norm distribution"], distances["normal, one variance"]
    study.claim("norm and singular values follow the nuclear-norm distribution more closely than "
                "normal entries", all(near < far for near, far in zip(nuclear, one)))


if __name__ == "__main__":
    main()
