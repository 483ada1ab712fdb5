#!/usr/bin/env python3
"""Writes tests/method/goldens/matrix_64x64.txt: the first steps of fits in PyTorch, in float64.

usage: tests/method/make_trajectory.py [--perturb 1e-14]        (Debian: python3-torch)

The 64 x 64 case of the paper: a matrix of rank 16 with noise, two skip networks of 128 channels,
learned inputs, mean squares, Adam with step size 1e-4. The matrix, the networks' weights and their
inputs are not in the file: both programs draw them from Philox 4x32-10 under the names that method
factor_networks gives them. "losses_N" are those of networks of N scales, before each step;
"diagonal_N" is that of the last one's model.

--perturb writes nothing, but tells how far PyTorch comes from itself when the start of the inputs
is changed by that share. After 1e-14: with 3 scales the losses of 50 steps stay within 1e-13, with
4 within 1e-8. With the paper's 5 they agree to 1e-8 for four steps, and not to a tenth from the
eighth on: the coarsest maps have two sites, of which normalisation leaves little more than the sign
of their difference. So of those trajectories only the first steps are something to agree with.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "network"))
from make_goldens import SkipNetwork, as_rows, named_parameters  # noqa: E402

SIDE, RANK, CHANNELS = 64, 16, 128
SEED = 3


def stream(name):
    """FNV-1a, as src/network/random_stream.hpp."""
    value = 2166136261
    for letter in name.encode():
        value = ((value ^ letter) * 16777619) % 2**32
    return value


def uniform(seed, number, count):
    """Philox 4x32-10 (Salmon et al. 2011), as include/tessera/base/random.hpp."""
    index = np.arange(count, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    words = [index, np.zeros_like(index), np.zeros_like(index), np.full_like(index, number)]
    keys = [seed % 2**32, seed >> 32]
    for _ in range(10):
        first = np.uint64(0xD2511F53) * words[0]
        second = np.uint64(0xCD9E8D57) * words[2]
        shift = np.uint64(32)
        words = [(second >> shift) ^ words[1] ^ np.uint64(keys[0]), second & low,
                 (first >> shift) ^ words[3] ^ np.uint64(keys[1]), first & low]
        keys = [(keys[0] + 0x9E3779B9) % 2**32, (keys[1] + 0xBB67AE85) % 2**32]
    bits = (words[0] << np.uint64(20)) | (words[1] >> np.uint64(12))
    return torch.from_numpy((bits.astype(np.float64) + 0.5) * 2.0**-52)


def measured_matrix():
    left = 2 * uniform(SEED, 1, SIDE * RANK).reshape(SIDE, RANK) - 1
    right = 2 * uniform(SEED, 2, SIDE * RANK).reshape(SIDE, RANK) - 1
    matrix = left @ right.T
    matrix = (matrix - matrix.min()) / (matrix.max() - matrix.min())
    return matrix + 0.3 * (uniform(SEED, 3, SIDE * SIDE).reshape(SIDE, SIDE) - 0.5)


def factor(name, scales):
    """A network and its input, with the start that Tessera gives them."""
    network = SkipNetwork(1, scales, CHANNELS, 4, RANK, RANK)
    bound = 0.0
    with torch.no_grad():
        for key, tensor, layout in named_parameters(network):
            own = layout(tensor)
            if key.endswith("gamma") or key.endswith("beta"):
                tensor.fill_(1.0 if key.endswith("gamma") else 0.0)
                continue
            if key.endswith("weight"):  # taps x inputs x outputs; its bias follows it
                bound = (own.shape[0] * own.shape[1]) ** -0.5
            drawn = bound * (2 * uniform(SEED, stream(f"{name}/{key}"), own.numel()) - 1)
            own.copy_(drawn.reshape(own.shape))
        start = 0.1 * uniform(SEED, stream(f"{name}/input"), SIDE * RANK)
    x = start.reshape(SIDE, RANK).T.contiguous()[None]
    x.requires_grad_(True)
    return network, x


def fit(scales, steps, perturbation=0.0):
    """The losses before each step, and the model of the last one."""
    observed = measured_matrix()
    scale = observed.abs().max()
    factors = [factor(name, scales) for name in ("factor 0", "factor 1")]
    with torch.no_grad():
        for _, x in factors:
            x.mul_(1 + perturbation * torch.randn_like(x))
    parameters = [p for network, x in factors for p in (*network.parameters(), x)]
    optimiser = torch.optim.Adam(parameters, lr=1e-4)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        left, right = (as_rows(network(x)) for network, x in factors)
        model = scale * left @ right.T
        loss = ((model - observed) ** 2).mean()
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
    return losses, model.detach()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--perturb", type=float, default=0.0)
    perturbation = parser.parse_args().perturb
    torch.set_default_dtype(torch.float64)
    lines = []
    for scales, steps in ((3, 50), (4, 50), (5, 50 if perturbation else 4)):
        losses, model = fit(scales, steps)
        if perturbation:
            others, _ = fit(scales, steps, perturbation)
            print(scales, "scales:", *(f"{abs(a / b - 1):.1e}" for a, b in zip(others, losses)))
        for key, values in (("losses", losses), ("diagonal", model.diagonal().tolist())):
            numbers = [f"{v:.12g}" for v in values]
            lines.append(" ".join([f"{key}_{scales}", str(len(values))] + numbers))
    if not perturbation:
        folder = HERE / "goldens"
        folder.mkdir(exist_ok=True)
        (folder / "matrix_64x64.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
