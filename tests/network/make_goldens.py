#!/usr/bin/env python3
"""Writes tests/network/goldens/*.txt: small networks in PyTorch, in float64.

usage: tests/network/make_goldens.py        (Debian: python3-torch)

Each line of a file is a name, a count and so many numbers. Parameters have the names and the layout
of Tessera's parameter store: weights as taps x inputs x outputs, maps as sites x channels. Lines
"gradient.NAME" are d(loss)/d(NAME) for the loss sum(rows * row_gradient). "losses" are those of 20
steps of Adam, step size 0.01, for the loss mean((rows - row_gradient)^2), before each step.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

torch.set_default_dtype(torch.float64)
SLOPE = 0.2


def convolution(dimensions, *arguments, **options):
    return (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dimensions - 1](*arguments, **options)


def normalisation(dimensions, channels):
    layer = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[dimensions - 1](channels)
    with torch.no_grad():  # not the trivial values of the start
        layer.weight.uniform_(0.5, 1.5)
        layer.bias.uniform_(-0.3, 0.3)
    return layer


def reflected(x):
    return functional.pad(x, (1, 1) * (x.dim() - 2), mode="reflect")


def doubled(x):
    mode = ("linear", "bilinear", "trilinear")[x.dim() - 3]
    return functional.interpolate(x, scale_factor=2, mode=mode, align_corners=False)


class SkipNetwork(nn.Module):
    def __init__(self, dimensions, scales, channels, skips, inputs, rank):
        super().__init__()
        self.layers = nn.ModuleDict()
        for i in range(scales):
            joined = channels + skips
            for name, n_in, n_out, taps, stride in (
                ("skip", inputs, skips, 1, 1),
                ("down", inputs, channels, 3, 2),
                ("deeper", channels, channels, 3, 1),
                ("joined", None, joined, None, None),
                ("wide", joined, channels, 3, 1),
                ("pointwise", channels, channels, 1, 1),
            ):
                parts = [normalisation(dimensions, n_out)]
                if taps:
                    parts.insert(0, convolution(dimensions, n_in, n_out, taps, stride=stride))
                self.layers[f"scale{i}-{name}"] = nn.ModuleList(parts)
            inputs = channels
        self.layers["head"] = nn.ModuleList([convolution(dimensions, channels, rank, 1)])
        self.scales = scales

    def run(self, i, name, x):
        conv, norm = self.layers[f"scale{i}-{name}"]
        x = reflected(x) if conv.kernel_size[0] == 3 else x
        return functional.leaky_relu(norm(conv(x)), SLOPE)

    def scale(self, i, x):
        skip = self.run(i, "skip", x)
        deeper = self.run(i, "deeper", self.run(i, "down", x))
        if i + 1 < self.scales:
            deeper = self.scale(i + 1, deeper)
        deeper = doubled(deeper)
        for mode in range(2, x.dim()):
            extra = deeper.shape[mode] - skip.shape[mode]
            deeper = deeper.narrow(mode, extra // 2, skip.shape[mode])
        joined = self.layers[f"scale{i}-joined"][0](torch.cat([skip, deeper], dim=1))
        return self.run(i, "pointwise", self.run(i, "wide", joined))

    def forward(self, x):
        return self.layers["head"][0](self.scale(0, x))


class DeepDecoder(nn.Module):
    def __init__(self, dimensions, doublings, channels, inputs, rank):
        super().__init__()
        self.layers = nn.ModuleDict()
        for i in range(doublings + 1):
            conv = convolution(dimensions, channels if i else inputs, channels, 1, bias=False)
            self.layers[f"layer{i}"] = nn.ModuleList([conv, normalisation(dimensions, channels)])
        self.layers["head"] = nn.ModuleList(
            [convolution(dimensions, channels, rank, 1, bias=False)])
        self.doublings = doublings

    def forward(self, x):
        for i in range(self.doublings + 1):
            conv, norm = self.layers[f"layer{i}"]
            x = conv(x)
            x = doubled(x) if i < self.doublings else x
            x = norm(functional.leaky_relu(x, SLOPE))
        return self.layers["head"][0](x)


class SineNetwork(nn.Module):
    def __init__(self, dimensions, hidden, channels, rank):
        super().__init__()
        self.layers = nn.ModuleDict()
        for i in range(hidden):
            conv = convolution(dimensions, channels if i else dimensions, channels, 1)
            self.layers[f"layer{i}"] = nn.ModuleList([conv])
        self.layers["head"] = nn.ModuleList([convolution(dimensions, channels, rank, 1)])
        self.hidden = hidden

    def forward(self, x):
        for i in range(self.hidden):
            x = torch.sin(2.0 * self.layers[f"layer{i}"][0](x))
        return self.layers["head"][0](x)


def coordinates(sites):
    axes = torch.meshgrid(*(torch.arange(1.0, n + 1) for n in sites), indexing="ij")
    return torch.stack(axes)[None]


def as_rows(x):
    return x[0].flatten(1).T.contiguous()


def named_parameters(network):
    """(name, tensor, to Tessera's layout) of every parameter."""
    for name, parts in network.layers.items():
        name = name.replace("-", ".")
        for part in parts:
            is_norm = not hasattr(part, "kernel_size")
            weight = part.weight
            if is_norm:
                yield f"{name}.gamma", weight, lambda t: t
            else:
                yield f"{name}.weight", weight, lambda t: t.flatten(2).permute(2, 1, 0)
            if part.bias is not None:
                yield f"{name}.{'beta' if is_norm else 'bias'}", part.bias, lambda t: t


def write(name, network, sites, rank, inputs):
    learned = inputs > 0
    size = network.input_sites if hasattr(network, "input_sites") else sites
    x = torch.rand(1, inputs, *size) if learned else coordinates(sites)
    x.requires_grad_(learned)
    lines = []

    def line(key, tensor):
        values = tensor.detach().reshape(-1).tolist()
        lines.append(" ".join([key, str(len(values))] + [f"{v:.13g}" for v in values]))

    parameters = list(named_parameters(network))
    if learned:
        parameters.append(("input", x, as_rows))
    rows = as_rows(network(x))
    row_gradient = torch.rand_like(rows) * 2 - 1
    (rows * row_gradient).sum().backward()
    line("rows", rows)
    line("row_gradient", row_gradient)
    for key, tensor, layout in parameters:
        line(key, layout(tensor))
        line("gradient." + key, layout(tensor.grad))
    optimiser = torch.optim.Adam([tensor for _, tensor, _ in parameters], lr=0.01)
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = ((as_rows(network(x)) - row_gradient) ** 2).mean()
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
    line("losses", torch.tensor(losses))
    folder = Path(__file__).parent / "goldens"
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def main():
    torch.manual_seed(20221)
    write("skip_1d", SkipNetwork(1, 3, 6, 2, 3, 3), (21,), 3, 3)
    write("skip_2d", SkipNetwork(2, 2, 5, 2, 3, 3), (10, 13), 3, 3)
    write("skip_3d", SkipNetwork(3, 1, 3, 1, 2, 2), (5, 4, 6), 2, 2)
    decoder = DeepDecoder(1, 2, 6, 6, 3)
    decoder.input_sites = (4,)
    write("decoder_1d", decoder, (16,), 3, 6)
    decoder = DeepDecoder(2, 2, 5, 5, 3)
    decoder.input_sites = (3, 2)
    write("decoder_2d", decoder, (12, 8), 3, 5)
    write("sine_1d", SineNetwork(1, 2, 7, 3), (11,), 3, 0)
    write("sine_2d", SineNetwork(2, 2, 7, 3), (4, 5), 3, 0)


if __name__ == "__main__":
    main()
