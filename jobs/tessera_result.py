"""Reads a result of Tessera with nothing but h5py and numpy.

    import tessera_result
    run = tessera_result.load("runs/pavia-20261122T164700Z")     # or a result.h5
    run["estimate"]                   # numpy array in the order of the deck
    run.axes, run.spacing             # ("rows", "cols", "bands"), (1.0, 1.0, 1.0)
    run.coordinates("bands")          # positions along an axis, in run.axis_units
    run.factors["left"], run.manifest["deck"], run.metrics["objective"]
"""

import json
import math
import os

import h5py
import numpy as np


def _words(values):
    return tuple(v.decode() if isinstance(v, bytes) else str(v) for v in np.atleast_1d(values))


class Result:
    """Arrays by name (`run["estimate"]`, read when asked for) and what is known about them."""

    def __init__(self, path):
        self.path = path
        self.folder = os.path.dirname(path)
        self.factors = {}
        self.axes = self.spacing = self.origin = self.axis_units = ()
        self.units = ""
        with h5py.File(path, "r") as file:
            self.names = list(file["result"]) if "result" in file else []
            for name, factor in file.get("factors", {}).items():
                self.factors[name] = factor[()]
            self.manifest = json.loads(file["manifest"][()]) if "manifest" in file else {}
            for name in self.names:
                attributes = file["result"][name].attrs
                self.axes = _words(attributes["tensor_axes"])
                self.axis_units = _words(attributes["axis_units"])
                self.spacing = tuple(np.atleast_1d(attributes["spacing"]))
                self.origin = tuple(np.atleast_1d(attributes["origin"]))
                self.units = self.units or _words(attributes["units"])[0]
        self.metrics = _read_metrics(os.path.join(self.folder, "metrics.jsonl"))
        self.complete = not os.path.exists(os.path.join(self.folder, ".incomplete"))

    def __contains__(self, name):
        return name in self.names

    def __iter__(self):
        return iter(self.names)

    def __getitem__(self, name):
        """The whole array, in the order of the deck."""
        with h5py.File(self.path, "r") as file:
            dataset = file["result"][name]
            shape = tuple(np.atleast_1d(dataset.attrs["tensor_shape"]))
            modes = tuple(np.atleast_1d(dataset.attrs["tensor_modes"]))
            stored = dataset[()].reshape([shape[mode] for mode in modes])
        return stored.transpose(np.argsort(modes))

    def coordinates(self, axis):
        """Positions along an axis."""
        mode = self.axes.index(axis)
        with h5py.File(self.path, "r") as file:
            shape = np.atleast_1d(file["result"][self.names[0]].attrs["tensor_shape"])
        return self.origin[mode] + self.spacing[mode] * np.arange(shape[mode])


def _read_metrics(path):
    """Columns of metrics.jsonl as arrays; nan where a line lacks the number."""
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        lines = [json.loads(line) for line in file if line.endswith("\n")]
    names = {name: None for line in lines for name in line}

    def number(value):
        return value if isinstance(value, (int, float)) else math.nan

    return {name: np.array([number(line.get(name)) for line in lines]) for name in names}


def load(run):
    """Result of a run folder, or of a result file."""
    path = os.path.join(run, "result.h5") if os.path.isdir(run) else run
    return Result(path)
