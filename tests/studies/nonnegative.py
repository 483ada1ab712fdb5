#!/usr/bin/env python3
"""Nonnegative factorisation in skewed noise (DeepTensor, tables 2 and 3): deep decoders beside NMF.

1024 digits (28 x 28), and a spectrogram of spoken digits (257 frequencies, 512 times), rank 128, noise
0.3 n1 + 0.3 n2^2 clipped to [0, 10]; needs TESSERA_DATA and scipy. PSNR in dB, range of the truth;
networks stop by held-out entries. "Best rank" of NMF is chosen by the truth. "Semi" is softplus on the
coefficients of pictures and times alone, their parts having any sign."""
import os
import pathlib
import tempfile

import numpy
import scipy.io
import scipy.signal
import study

NOISE = """
scale = "max"

[[corrupt]]
kind = "squared-gaussian"
a = 0.3
b = 0.3

[[corrupt]]
kind = "clip"
low = 0.0
high = 10.0
"""
DIGITS = """
[data]
path = "digits_objects/t10k-images-idx3-ubyte.gz"
axes = ["pictures", "rows", "cols"]
region = { pictures = [0, 1024] }
"""
NETWORK = {"name": "factor_networks", "network": "deep_decoder", "rank": 128, "jitter": 0.0,
           "learning_rate": 0.01, "steps": 1000, "patience": 150}
ACTIVATIONS = ("softplus", "abs", "relu", "none")
MODELS = (*ACTIVATIONS, "semi")
PAPER = {"digits": {"NMF": 7.5, "softplus": 7.4, "abs": 7.3, "relu": 7.6},
         "speech": {"NMF": 4.7, "softplus": 9.0, "abs": 8.7, "relu": 8.7}}


def write_spectrogram(path):
    """Power at 257 frequencies, of windows of 512 samples every 32."""
    parts = []
    for recording in sorted(pathlib.Path(os.environ["TESSERA_DATA"], "speech/fsdd").glob("*.wav")):
        rate, signal = scipy.io.wavfile.read(recording)
        parts.append(scipy.signal.stft(signal.astype(float), rate, nperseg=512, noverlap=480)[2])
    power = numpy.abs(numpy.concatenate(parts, axis=1)[:, :512]) ** 2
    numpy.save(path, power.astype("float32"))


def network(model, parts):
    """Options of a model; `parts` are the axes whose factors are the parts that pictures are made of."""
    if model == "semi":
        return {**NETWORK, "activation": "softplus", "any_sign": parts}
    return {**NETWORK, "activation": model}


def case(deck, columns, parts, seeds):
    ranks = (1, 2, 4, 8, 16, 128)
    found = {}
    for seed in range(1, seeds + 1):
        by_rank = {}
        for rank in ranks:
            nmf = {"name": "nmf", "rank": rank, "columns": columns, "tolerance": 1e-4}
            figures = study.figures(deck, nmf, seed)
            by_rank[rank] = figures["psnr"]
        found.setdefault("input", []).append(figures["input_psnr"])
        found.setdefault("NMF", []).append(by_rank[128])
        found.setdefault("NMF, best rank", []).append(max(by_rank.values()))
        for model in MODELS:
            figures = study.figures(deck, network(model, parts), seed)
            found.setdefault(model, []).append(figures["psnr"])
            found.setdefault(model + ", oracle", []).append(figures["oracle_psnr"])
    return found


def main():
    options = study.arguments(__doc__, seeds=2)
    columns = ("input", "NMF", "NMF, best rank",
               *(name + oracle for name in MODELS for oracle in ("", ", oracle")))
    study.table("data", *columns)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "spectrogram.npy")
        write_spectrogram(path)
        speech = f'[data]\npath = "{path}"\naxes = ["frequencies", "times"]\n'
        for name, data, short, parts in (("digits", DIGITS, ["pictures"], ["rows", "cols"]),
                                         ("speech", speech, ["times"], ["frequencies"])):
            if options.only not in name:
                continue
            found = case(data + NOISE, short, parts, options.seeds)
            study.row(name, *(study.spread(found[column]) for column in columns))
            mean = {column: numpy.mean(values) for column, values in found.items()}
            for activation in ACTIVATIONS[:3]:
                paper = PAPER[name][activation] - PAPER[name]["NMF"]
                gain = mean[activation] - mean["NMF"]
                study.claim(f"{name}: {activation} against NMF of the same rank {gain:+.1f} dB "
                            f"(paper {paper:+.1f})", (gain > 0.0) == (paper > 0.0))
                gain = mean[activation] - mean["NMF, best rank"]
                study.claim(f"{name}: {activation} beats NMF of the best rank ({gain:+.1f} dB)",
                            gain > 0.0)


if __name__ == "__main__":
    main()
