#!/usr/bin/env python3
"""When a fit should end (DeepTensor, figure 8): the best step over the noise level, and what the stopping
rules make of it.

64 x 64, rank 16, independent normal factors, Gaussian noise of four levels, at most 1500 steps at 1e-3.
PSNR in dB, range of the truth. The oracle is that of a fit of all data; rules that set data aside fit the rest."""
import statistics

import study
from low_rank_recovery import SCENE

STEPS = 1500
RULES = ("split", "held_out", "moving_variance", "discrepancy")
NETWORKS = {"skip": "skip", "deep decoder": "deep_decoder"}


def case(network, sigma, seeds):
    """Steps and PSNR over the seeds: of the oracle, after the last step, chosen by each rule."""
    deck = SCENE.format(factors="gaussian", rank=16, noise=f'kind = "gaussian"\nsigma = {sigma}')
    found = {}
    for rule in ("none", *RULES):
        for seed in range(1, seeds + 1):
            method = {"name": "factor_networks", "network": network, "rank": 16, "jitter": 0.0,
                      "learning_rate": 1e-3, "steps": STEPS, "validation": rule}
            figures = study.figures(deck, method, seed)
            found.setdefault(rule, []).append((figures["best_step"], figures["psnr"]))
            if rule == "none":
                found.setdefault("oracle", []).append(
                    (figures["oracle_step"], figures["oracle_psnr"]))
    for seed in range(1, seeds + 1):
        figures = study.figures(deck, {"name": "svd", "truncation": "rank", "rank": 16}, seed)
        found.setdefault("SVD", []).append((0, figures["psnr"]))
    return found


def cell(pairs):
    steps, quality = zip(*pairs)
    return f"{study.spread(quality)} at {statistics.mean(steps):.0f}"


def main():
    options = study.arguments(__doc__, seeds=3)
    study.table("network", "noise", "SVD", "oracle", "last step", *RULES)
    for name, network in NETWORKS.items():
        best_steps, lost = [], {rule: [] for rule in ("none", *RULES)}
        for sigma in (0.05, 0.1, 0.2, 0.4):
            found = case(network, sigma, options.seeds)
            quality = {rule: statistics.mean(psnr for _, psnr in pairs)
                       for rule, pairs in found.items()}
            study.row(name, sigma, study.spread([psnr for _, psnr in found["SVD"]]),
                      cell(found["oracle"]), cell(found["none"]),
                      *(cell(found[rule]) for rule in RULES))
            best_steps.append(statistics.mean(step for step, _ in found["oracle"]))
            for rule, losses in lost.items():
                losses.append(quality["oracle"] - quality[rule])
        falling = ", ".join(f"{step:.0f}" for step in best_steps)
        study.claim(f"{name}: the best step falls as the noise grows ({falling})",
                    all(late > early for late, early in zip(best_steps, best_steps[1:])))
        study.claim(f"{name}: flat after its optimum (at most {max(lost['none']):.1f} dB lost at the "
                    "last step, less than 1 asked for)", max(lost["none"]) < 1.0)
        for rule in RULES:
            study.claim(f"{name}: {rule} is within 0.5 dB of the oracle (at most "
                        f"{max(lost[rule]):.1f} dB lost)", max(lost[rule]) < 0.5)


if __name__ == "__main__":
    main()
