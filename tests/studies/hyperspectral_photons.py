#!/usr/bin/env python3
"""Real hyperspectral cubes in photon noise (DeepTensor, figure 9): peak 100 counts, readout 2.

Jasper Ridge (100 x 100 x 198) and a crop of Pavia Centre (100 x 100 x 102), scaled to a maximum of 1; PSNR
in dB with the range of the truth, mean and standard deviation over seeds. Networks end by the validation
loss of a binomial thinning. The SVD "at its best rank" knows the truth."""
import study

NOISE = """scale = "max"

[[corrupt]]
kind = "poisson"
peak = 100.0
readout = 2.0
"""

CUBES = {
    "Jasper Ridge": """
[data]
path = "hyperspectral/jasperRidge2_R198.mat:Y"
axes = ["bands", "rows", "cols"]
shape = [198, 100, 100]
""",
    "Pavia": """
[data]
path = "hyperspectral/pavia_centre_crop.mat:data"
axes = ["rows", "cols", "bands"]
""",
}

NETWORK = {"name": "factor_networks", "contraction": "2d1d", "channels": 64, "average": 0.99,
           "steps": 3000}

METHODS = {
    "SVD, rank 20": {"name": "svd", "truncation": "rank", "rank": 20},
    "shrinkage": {"name": "svd"},
    "stabilised shrinkage": {"name": "svd", "stabilise": "anscombe"},
    "Tucker 50, 50, 10": {"name": "tucker", "ranks": [50, 50, 10]},
    "networks, rank 20": {**NETWORK, "rank": 20},
    "network, singular vectors, rank 10": {**NETWORK, "rank": 10, "basis": "svd"},
}


def best_rank(deck, seed):
    """The figures of the truncated SVD at the rank that the truth chooses."""
    found = {rank: study.figures(deck, {"name": "svd", "truncation": "rank", "rank": rank}, seed)
             for rank in range(2, 13)}
    return max(found.values(), key=lambda figures: figures["psnr"])


def main():
    options = study.arguments(__doc__, seeds=1)
    study.table("cube", "method", "PSNR", "mean PSNR", "SSIM", "PSNR, oracle")
    for cube, text in CUBES.items():
        psnr = {}
        cases = {"SVD, best rank (oracle)": best_rank,
                 **{name: lambda deck, seed, method=method: study.figures(deck, method, seed)
                    for name, method in METHODS.items()}}
        for name, run in cases.items():
            if options.only not in f"{cube}, {name}":
                continue
            found = [run(text + NOISE, seed) for seed in range(1, options.seeds + 1)]
            study.row(cube, name,
                      *(study.spread([figures[key] for figures in found]) if key in found[0] else ""
                        for key in ("psnr", "mean_psnr", "ssim", "oracle_psnr")))
            psnr[name] = sum(figures["psnr"] for figures in found) / len(found)
        for name in ("networks, rank 20", "network, singular vectors, rank 10"):
            if name in psnr and "SVD, rank 20" in psnr:
                gain = psnr[name] - psnr["SVD, rank 20"]
                study.claim(f"{cube}, {name}: 6 dB above the SVD of rank 20 ({gain:+.1f} dB)",
                            gain >= 6.0)


if __name__ == "__main__":
    main()
