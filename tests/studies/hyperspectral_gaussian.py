#!/usr/bin/env python3
"""The simulated Indian Pines cube (145 x 145 x 224) in Gaussian noise 0.1: networks with and without the
data's singular vectors as spectra beside classical baselines of the same program.

PSNR in dB with a data range of 1, mean over the bands, mean and standard deviation over seeds; the end of
a fit is chosen by the validation loss."""
import study

DECK = """
[data]
path = "hyperspectral/simu_indian.mat:Ori_H"
axes = ["rows", "cols", "bands"]

[[corrupt]]
kind = "gaussian"
sigma = 0.1
"""

NETWORK = {"name": "factor_networks", "contraction": "2d1d", "rank": 10, "channels": 64,
           "average": 0.99, "validation_share": 0.03, "patience": 400, "steps": 3500}

METHODS = {
    "SVD, rank 10": {"name": "svd", "truncation": "rank", "rank": 10},
    "optimal shrinkage": {"name": "svd"},
    "Tucker 60, 60, 10": {"name": "tucker", "ranks": [60, 60, 10]},
    "networks": {**NETWORK},
    "network, singular vectors": {**NETWORK, "basis": "svd"},
}


def main():
    options = study.arguments(__doc__, seeds=1)
    study.table("method", "mean PSNR", "SSIM", "PSNR", "PSNR, oracle")
    for name, method in METHODS.items():
        if options.only not in name:
            continue
        found = [study.figures(DECK, method, seed, "output.quality_range=1.0")
                 for seed in range(1, options.seeds + 1)]
        study.row(name, *(study.spread([figures[key] for figures in found]) if key in found[0] else ""
                          for key in ("mean_psnr", "ssim", "psnr", "oracle_psnr")))
        if "basis" in method:
            worst = min(figures["mean_psnr"] for figures in found)
            study.claim(f"{name}: at least 40 dB mean PSNR ({worst:.2f} dB)", worst >= 40.0)


if __name__ == "__main__":
    main()
