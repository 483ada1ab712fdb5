#!/usr/bin/env python3
"""Whole iterations of method factor_networks beside the same iterations in PyTorch, on one core.

usage: tests/benchmarks/compare_with_pytorch.py BENCH_ITERATION [CASE ...]
       tests/benchmarks/compare_with_pytorch.py --peer CASE ITERATIONS

(Debian: python3-torch.) BENCH_ITERATION is the built program of that name; cases are matrix,
hyperspectral and cp, default all. For each case, in turn: our iterations, PyTorch's as it comes, and
PyTorch's with an allocator that keeps its memory; then the ratios. PyTorch gets the same BLAS with
the kernels that our program chooses. Both do the same work: the networks, the model, the loss, all
gradients, one step of Adam; PyTorch is spared what the public implementation does besides (errors
against the truth, copies of the best networks). CPU seconds, the least of all iterations.
"""

import os
import pathlib
import re
import resource
import subprocess
import sys
import time

CASES = {"matrix": 300, "hyperspectral": 6, "cp": 6}
BLAS = "/usr/lib/x86_64-linux-gnu/libopenblas.so.0"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PEER = {**ONE_THREAD, "LD_PRELOAD": BLAS, "OPENBLAS_CORETYPE": "SkylakeX"}
KEEPING = {"MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_MMAP_THRESHOLD_": str(1 << 40),
           "MALLOC_TOP_PAD_": str(256 << 20)}


def peer(case, iterations):
    import torch
    from torch.nn import functional
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "network"))
    import make_goldens
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(1)
    torch.manual_seed(1)

    shape, rank, image, jitter = {
        "matrix": ((64, 64), 16, False, 0.0),
        "hyperspectral": ((256, 256, 64), 20, True, 1 / 30),
        "cp": ((160, 192, 168), 2000, False, 1 / 30)}[case]
    sites = [shape[:2], shape[2:]] if image else [(n,) for n in shape]
    networks = [make_goldens.SkipNetwork(len(n), 5, 128, 4, rank, rank) for n in sites]
    inputs = [(0.1 * torch.rand(1, rank, *n)).requires_grad_() for n in sites]
    parameters = [p for network in networks for p in network.parameters()] + inputs
    weights = torch.full((rank,), 1 / rank, requires_grad=True)
    if case == "cp":
        parameters.append(weights)
    observation = torch.rand(shape)
    optimiser = torch.optim.Adam(parameters, lr=1e-3)

    def model():
        rows = []
        for network, z in zip(networks, inputs):
            z = z + jitter * torch.randn_like(z) if jitter else z
            rows.append(network(z).reshape(rank, -1).T)
        if case == "cp":
            a, b, c = rows
            khatri_rao = (b[:, None, :] * c[None, :, :]).reshape(-1, rank)
            return (a * weights) @ khatri_rao.T
        return rows[0] @ rows[1].T

    distance = functional.mse_loss if case == "matrix" else functional.l1_loss
    best = float("inf")
    for _ in range(iterations):
        start = time.process_time()
        optimiser.zero_grad()
        loss = distance(model().reshape(shape), observation)
        loss.backward()
        optimiser.step()
        best = min(best, time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"CPU {best:.5f} s an iteration; peak {peak:.0f} MiB")


def run(command, environment):
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(["taskset", "-c", str(core), *command], check=True, text=True,
                          capture_output=True, env={**os.environ, **environment})
    seconds, peak = re.search(r"CPU +([\d.]+) s.*peak (\d+) MiB", done.stdout).groups()
    return float(seconds), float(peak)


def compare(program, case):
    command = [sys.executable, __file__, "--peer", case, str(CASES[case])]
    own = run([program, case], ONE_THREAD)
    for name, environment in (("as it comes", PEER), ("keeping memory", {**PEER, **KEEPING})):
        other = run(command, environment)
        print(f"{case}: {own[0]:.4f} s and {own[1]:.0f} MiB; PyTorch {name} {other[0]:.4f} s and "
              f"{other[1]:.0f} MiB; {other[0] / own[0]:.2f} times as fast, "
              f"{100 * own[1] / other[1]:.0f} % of the memory", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(sys.argv[2], int(sys.argv[3]))
    else:
        print("load", *os.getloadavg())
        for chosen in sys.argv[2:] or CASES:
            compare(sys.argv[1], chosen)
