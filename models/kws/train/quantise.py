"""Folds a trained net into plain convolutions, quantises those to 8 bit, and mends the loss by some more training.

Weights: int8, symmetric, a scale for every output channel. Activations: uint8, asymmetric, one scale a tensor, from
training examples: of some candidate ranges (quantiles) the one with the least squared error. Biases: int32 with scale
input * weight.
"""
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F


@dataclass
class Layer:
    weight: torch.Tensor  # [out, in / groups, kh, kw]; of a head [8, in]
    bias: torch.Tensor
    stride: tuple = (1, 1)
    pad: tuple = (0, 0)
    groups: int = 1

    def copy(self):
        return Layer(self.weight.clone(), self.bias.clone(), self.stride, self.pad, self.groups)


@dataclass
class Folded:
    layers: list  # the convolutions
    heads: list  # (convolutions before it, dense layer), the last exit first

    def all(self):
        return self.layers + [dense for _, dense in self.heads]


@dataclass
class Range:
    scale: float
    zero: int

    def fake(self, x):
        """x on the grid; gradients pass where x is inside the range."""
        low, high = -self.zero * self.scale, (255 - self.zero) * self.scale
        inside = torch.clamp(x, low, high)
        rounded = (torch.clamp(torch.round(x / self.scale) + self.zero, 0, 255) - self.zero) * self.scale
        return inside + (rounded - inside).detach()


@dataclass
class Quantised:
    net: Folded  # weights and biases on their grids
    weight_scales: list  # of net.all()
    ranges: dict = field(default_factory=dict)  # "input", convolution index, ("pooled" or "scores", exit)


def fold(net):
    """The trained net with batch normalisation and input scale folded in."""
    layers = []
    for unit in net.units:
        conv, norm = unit[0], unit[1]
        gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double()
        weight = conv.weight.detach().double() * gain[:, None, None, None]
        bias = norm.bias.detach().double() - norm.running_mean.double() * gain
        if not layers:
            weight = weight * 0.125
        layers.append(Layer(weight.float().contiguous(), bias.float(), conv.stride, conv.padding, conv.groups))
    heads = [(at, Layer(h.weight.detach().clone(), h.bias.detach().clone())) for at, h in zip(net.exits, net.heads)]
    return Folded(layers, heads)


def forward(net, x, ranges=None, seen=None):
    """Scores before softmax, of every exit. With ranges every activation is rounded to its grid; `seen` collects them."""

    def at(key, value):
        if seen is not None:
            seen[key] = value
        return ranges[key].fake(value) if ranges else value

    x, scores = at("input", x), []
    after = []
    for i, l in enumerate(net.layers):
        x = at(i, F.relu(F.conv2d(x, l.weight, l.bias, l.stride, l.pad, 1, l.groups)))
        after.append(x)
    for exit, (count, dense) in enumerate(net.heads):
        pooled = at(("pooled", exit), after[count - 1].mean((2, 3)))
        scores.append(at(("scores", exit), F.linear(pooled, dense.weight, dense.bias)))
    return scores


def grid(low, high):
    low, high = min(low, 0.0), max(high, 0.0)
    scale = float(np.float32((high - low) / 255))
    return Range(scale, int(round(-low / scale)))


def best_range(values):
    """The range of least squared error among those that cut off a share of the values at each end."""
    values = values.flatten()
    if len(values) > 400_000:
        values = values[torch.randperm(len(values), generator=torch.Generator().manual_seed(0))[:400_000]]
    ordered = torch.sort(values)[0]
    best = None
    for share in (0, 1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3):
        cut = int(share * len(ordered))
        candidate = grid(ordered[cut].item(), ordered[-1 - cut].item())
        error = ((candidate.fake(values) - values) ** 2).mean().item()
        if best is None or error < best[0]:
            best = (error, candidate)
    return best[1]


def weight_scale(weight):
    flat = weight.detach().reshape(len(weight), -1).abs().amax(1)
    return torch.clamp(flat / 127, min=1e-8)


def on_grid(weight):
    """Weights rounded to 8 bit, a scale for every output channel; gradients pass through."""
    scale = weight_scale(weight).reshape([-1] + [1] * (weight.dim() - 1))
    return weight + (torch.clamp(torch.round(weight / scale), -127, 127) * scale - weight).detach()


def with_weights(net, change):
    new = lambda l: Layer(change(l.weight), l.bias, l.stride, l.pad, l.groups)
    return Folded([new(l) for l in net.layers], [(at, new(dense)) for at, dense in net.heads])


def find_ranges(net, examples):
    seen = {}
    with torch.no_grad():
        forward(net, examples, seen=seen)
        return {key: best_range(values) for key, values in seen.items()}


def mend(net, ranges, batches, rate=2e-4):
    """Trains the folded net to answer on the grids what it answered in floats. `batches`: [N, 1, 74, 10] each."""
    teacher = Folded([l.copy() for l in net.layers], [(at, dense.copy()) for at, dense in net.heads])
    weights = [w.requires_grad_() for l in net.all() for w in (l.weight, l.bias)]
    optimiser = torch.optim.Adam(weights, lr=rate)
    for i, x in enumerate(batches):
        for group in optimiser.param_groups:
            group["lr"] = rate * (0.5 + 0.5 * np.cos(np.pi * i / len(batches)))
        with torch.no_grad():
            wanted = [F.softmax(s, 1) for s in forward(teacher, x)]
        got = forward(with_weights(net, on_grid), x, ranges)
        loss = sum(-(w * F.log_softmax(g, 1)).sum(1).mean() for w, g in zip(wanted, got))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for w in weights:
        w.requires_grad_(False)


def quantise(net, examples, batches=()):
    """`examples`: [N, 1, 74, 10] features of training windows, for the ranges; `batches` to mend with. `net` is left
    as it was."""
    net = Folded([l.copy() for l in net.layers], [(at, dense.copy()) for at, dense in net.heads])
    ranges = find_ranges(net, examples)
    mend(net, ranges, batches)
    scales = [weight_scale(l.weight) for l in net.all()]
    rounded = with_weights(net, on_grid)
    inputs = ["input", *range(len(net.layers) - 1)] + [("pooled", exit) for exit in range(len(net.heads))]
    for l, key, scale in zip(rounded.all(), inputs, scales):
        step = np.float32(ranges[key].scale) * scale
        l.bias = torch.round(l.bias / step) * step
    return Quantised(rounded, scales, ranges)
