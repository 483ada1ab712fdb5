"""What the studies share: runs of the program with a deck, and tables of mean and spread."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("TESSERA_PROGRAM", SOURCE / "build/release/tessera")

RUN = """
[run]
seed = {seed}
precision = "float32"

[output]
pictures = false
arrays = []
"""


def arguments(description, seeds=5):
    """The command line of a study: how many seeds, and which of its cases."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=seeds, help=f"runs per case ({seeds})")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    return parser.parse_args()


def _start(folder, deck, method, seed, command):
    options = "".join(f"{key} = {json.dumps(value)}\n" for key, value in method.items())
    path = pathlib.Path(folder, "deck.toml")
    path.write_text(f"{deck}\n[method]\n{options}{RUN.format(seed=seed)}")
    done = subprocess.run([PROGRAM, command[0], "deck.toml", *command[1:]], cwd=folder,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)


def figures(deck, method, seed, *assignments):
    """The figures of summary.json after a run on one rank; `method` holds the options of [method]."""
    with tempfile.TemporaryDirectory() as folder:
        _start(folder, deck, method, seed, ["run", "output.name=\"run\"", *assignments])
        return json.loads(pathlib.Path(folder, "runs/run/summary.json").read_text())["figures"]


def simulated(deck, seed):
    """What a method would see of a deck, and the truth where there is one, as arrays."""
    import numpy
    with tempfile.TemporaryDirectory() as folder:
        _start(folder, deck, {"name": "svd"}, seed, ["simulate", "data.npy"])
        return {path.suffixes[0][1:]: numpy.load(path)
                for path in pathlib.Path(folder).glob("data.*.npy")}


def spread(values):
    """Mean and standard deviation of the single run."""
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{statistics.mean(values):.2f} ± {statistics.stdev(values):.2f}"


def table(*columns):
    """The head of a table; every row is printed as soon as it is known."""
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def claim(sentence, holds):
    """A claim of the paper, confirmed or refuted by the figures."""
    print(f"{'confirmed' if holds else 'refuted'}: {sentence}", flush=True)
