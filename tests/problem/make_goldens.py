#!/usr/bin/env python3
"""Writes goldens.hpp: figures of numpy, scipy and scikit-image for the tests of this folder.

    python3 make_goldens.py > goldens.hpp        (needs numpy, scipy, scikit-image)

The inputs are formulas, so that the tests make the same ones.
"""
import numpy as np
from scipy import integrate, optimize
from skimage.metrics import (mean_squared_error, normalized_root_mse, peak_signal_noise_ratio,
                             structural_similarity)


def emit(name, value):
    if isinstance(value, (list, tuple, np.ndarray)):
        body = ", ".join(repr(float(v)) for v in value)
        print(f"inline const std::vector<double> {name} = {{{body}}};")
    else:
        print(f"inline constexpr double {name} = {float(value)!r};")


def cube():
    """Truth and estimate of quality tests, 24 x 31 x 5 (test_quality.cpp: truth_at, estimate_at)."""
    i, j, b = np.meshgrid(np.arange(24), np.arange(31), np.arange(5), indexing="ij")
    truth = 0.5 + 0.3 * np.sin(0.31 * i + 0.7 * b) * np.cos(0.23 * j + 0.11 * b)
    estimate = truth + 0.08 * np.sin(12.9898 * i + 78.233 * j + 37.719 * b)
    return truth, estimate


def quality():
    x, y = cube()
    emit("quality_mse", mean_squared_error(x, y))
    emit("quality_psnr_range_1", peak_signal_noise_ratio(x, y, data_range=1.0))
    emit("quality_psnr_data_range", peak_signal_noise_ratio(x, y, data_range=np.ptp(x)))
    emit("quality_mean_psnr_range_1", np.mean(
        [peak_signal_noise_ratio(x[..., b], y[..., b], data_range=1.0) for b in range(5)]))
    emit("quality_relative_error", normalized_root_mse(x, y, normalization="euclidean"))
    for name, data_range in (("1", 1.0), ("data_range", np.ptp(x))):
        emit(f"quality_ssim_range_{name}", structural_similarity(
            x, y, channel_axis=2, data_range=data_range, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False))
    cosine = (x * y).sum(2) / (np.linalg.norm(x, axis=2) * np.linalg.norm(y, axis=2))
    emit("quality_sam_degrees", np.degrees(np.arccos(cosine)).mean())
    mse, mean = ((x - y) ** 2).mean((0, 1)), x.mean((0, 1))
    emit("quality_ergas", 100 * np.sqrt(np.mean(mse / mean ** 2)))
    # The legacy figure as its scripts compute it: on 0..255.
    mse, mean = ((255 * x - 255 * y) ** 2).mean((0, 1)), (255 * x).mean((0, 1))
    emit("quality_ergas_legacy", 100 * np.sqrt(np.mean(mse / mean)))


def marchenko_pastur():
    betas = [1.0, 0.7, 0.25, 0.1, 0.01]
    medians = []
    for beta in betas:
        low, high = (1 - np.sqrt(beta)) ** 2, (1 + np.sqrt(beta)) ** 2
        density = lambda t: np.sqrt((high - t) * (t - low)) / (2 * np.pi * beta * t)
        share = lambda m: integrate.quad(density, low, m, limit=500, epsabs=1e-12)[0] - 0.5
        medians.append(optimize.brentq(share, low + 1e-9, high - 1e-9, xtol=1e-13))
    emit("marchenko_pastur_betas", betas)
    emit("marchenko_pastur_medians", medians)


def pixels():
    """400 pixels x 12 bands: four spectra, band-dependent noise (test_noise_estimate.cpp)."""
    p, b, k = np.arange(400), np.arange(12), np.arange(4)
    abundances = np.abs(np.sin(np.outer(p + 1, (k + 1) * 1.37)))
    spectra = 0.5 + 0.4 * np.cos(np.outer(k + 1, b * 0.35))
    hashed = np.sin(np.outer(p, np.ones(12)) * 12.9898 + b * 78.233) * 43758.5453
    uniform = hashed - np.floor(hashed)
    return abundances @ spectra + (0.01 + 0.002 * b) * np.sqrt(12) * (uniform - 0.5)


def hysime():
    """estNoise.m and hysime.m of Bioucas-Dias and Nascimento, with least squares per band."""
    y = pixels()
    n, bands = y.shape
    noise = np.empty_like(y)
    for b in range(bands):
        others = np.delete(y, b, axis=1)
        noise[:, b] = y[:, b] - others @ np.linalg.lstsq(others, y[:, b], rcond=None)[0]
    emit("regression_sigma", np.sqrt((noise ** 2).sum(0) / (n - bands + 1)))
    signal = y - noise
    emit("regression_signal_gram_diagonal", np.diag(signal.T @ signal))
    emit("regression_signal_gram_first_row", (signal.T @ signal)[0])
    r_y, r_x = y.T @ y / n, signal.T @ signal / n
    r_n = np.diag(np.diag(noise.T @ noise / n)) + np.trace(r_x) / bands / 1e5 * np.eye(bands)
    e = np.linalg.svd(r_x)[0]
    cost = -np.diag(e.T @ r_y @ e) + 2 * np.diag(e.T @ r_n @ e)
    emit("hysime_size", (cost < 0).sum())


if __name__ == "__main__":
    print("#pragma once\n\n#include <vector>\n")
    print("// Written by make_goldens.py.\n")
    print("namespace tessera::goldens {\n")
    quality()
    marchenko_pastur()
    hysime()
    print("\n}  // namespace tessera::goldens")
