"""Folds a trained net into plain convolutions, and quantises those to 8 bit after training.

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
    weight: np.ndarray  # [out, in / groups, kh, kw]; the last layer's [8, in]
    bias: np.ndarray
    stride: tuple = (1, 1)
    pad: tuple = (0, 0)
    groups: int = 1


@dataclass
class Range:
    scale: float
    zero: int

    def fake(self, x):
        return (torch.clamp(torch.round(x / self.scale) + self.zero, 0, 255) - self.zero) * self.scale


@dataclass
class Quantised:
    layers: list  # of Layer, weights and biases rounded to their grids
    weight_scales: list
    ranges: list = field(default_factory=list)  # input, output of every convolution, pooled, scores before softmax


def fold(net):
    """[Layer] of a trained net, batch normalisation and input scale folded in; the last one is dense."""
    layers = []
    for unit in net.units:
        conv, norm = unit[0], unit[1]
        gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double()
        weight = conv.weight.detach().double() * gain[:, None, None, None]
        bias = norm.bias.detach().double() - norm.running_mean.double() * gain
        if not layers:
            weight = weight * 0.125
        layers.append(Layer(weight.float().contiguous().numpy(), bias.float().numpy(), conv.stride, conv.padding, conv.groups))
    layers.append(Layer(net.dense.weight.detach().numpy(), net.dense.bias.detach().numpy()))
    return layers


def forward(layers, x, ranges=None, seen=None):
    """Scores before softmax. With ranges every activation is rounded to its grid; `seen` collects activations."""

    def at(i, value):
        if seen is not None:
            seen.append(value)
        return ranges[i].fake(value) if ranges else value

    x = at(0, x)
    for i, l in enumerate(layers[:-1]):
        x = F.conv2d(x, torch.tensor(l.weight), torch.tensor(l.bias), l.stride, l.pad, 1, l.groups)
        x = at(i + 1, F.relu(x))
    x = at(len(layers), x.mean((2, 3)))
    dense = layers[-1]
    return at(len(layers) + 1, F.linear(x, torch.tensor(dense.weight), torch.tensor(dense.bias)))


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


def round_weights(layers):
    scales, rounded = [], []
    for l in layers:
        flat = np.abs(l.weight.reshape(len(l.weight), -1)).max(axis=1)
        scale = np.maximum(flat / 127, 1e-8).astype(np.float32)
        shaped = scale.reshape([-1] + [1] * (l.weight.ndim - 1))
        weight = np.clip(np.round(l.weight / shaped), -127, 127).astype(np.float32) * shaped
        scales.append(scale)
        rounded.append(Layer(weight, l.bias, l.stride, l.pad, l.groups))
    return rounded, scales


def quantise(layers, examples):
    """`examples`: [N, 1, 74, 10] features of training windows."""
    rounded, scales = round_weights(layers)
    with torch.no_grad():
        wanted, got = [], []
        forward(layers, examples, seen=wanted)
        ranges = [best_range(v) for v in wanted]
        # The mean shift that rounding the weights brings to every channel goes into the bias, layer by layer.
        for i in range(len(rounded)):
            got = []
            forward(rounded, examples, ranges, seen=got)
            at = i + 1 if i < len(rounded) - 1 else len(rounded) + 1
            axes = (0, 2, 3) if wanted[at].dim() == 4 else (0,)
            shift = (wanted[at].mean(axes) - got[at].mean(axes)).numpy()
            rounded[i].bias = rounded[i].bias + shift
        for i, l in enumerate(rounded):
            source = ranges[i] if i < len(rounded) - 1 else ranges[len(rounded)]
            step = np.float32(source.scale) * scales[i]
            l.bias = (np.round(l.bias / step) * step).astype(np.float32)
    return Quantised(rounded, scales, ranges)
