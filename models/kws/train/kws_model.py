"""The nets: depthwise separable convolutions. They take [N, 1, 74, 10] features and give a score a label before softmax,
a net with an early exit those of every exit, the last one first."""
from dataclasses import dataclass

import torch
from torch import nn

from kws_data import LABELS


@dataclass(frozen=True)
class Shape:
    width: int
    blocks: tuple  # of every block: frames that its depthwise kernel spans, stride in time
    early: int = 0  # blocks before an early exit; 0: none


WIDE = ((5, 1), (7, 2), (7, 1), (5, 1))
SHAPES = {
    "ds-cnn-16": Shape(16, WIDE),
    "ds-cnn-32": Shape(32, WIDE),
    "ds-cnn-48": Shape(48, WIDE),
    "ds-cnn-64": Shape(64, WIDE),
    "ds-cnn-64-exits": Shape(64, WIDE, 2),
    "ds-cnn-128": Shape(128, ((5, 2), (7, 1), (7, 2), (5, 1), (5, 1))),
}


class Net(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width = shape.width
        # The first convolution strides by 2 both ways and pads the coefficients only.
        layers = [self.unit(1, width, (10, 4), 2, (0, 1), 1)]
        for frames, stride in shape.blocks:
            layers.append(self.unit(width, width, (frames, 3), (stride, 1), (frames // 2, 1), width))
            layers.append(self.unit(width, width, (1, 1), (1, 1), (0, 0), 1))
        self.units = nn.ModuleList(layers)
        # Units before every exit, the last exit first.
        self.exits = [len(layers)] + ([1 + 2 * shape.early] if shape.early else [])
        self.heads = nn.ModuleList(nn.Linear(width, len(LABELS)) for _ in self.exits)

    @staticmethod
    def unit(inputs, outputs, kernel, stride, pad, groups):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

    def forward(self, x):
        x, scores = x * 0.125, {}  # brings the coefficients near 1; folded into the first convolution later
        for i, unit in enumerate(self.units):
            x = unit(x)
            if i + 1 in self.exits:
                scores[i + 1] = self.heads[self.exits.index(i + 1)](x.mean((2, 3)))
        return [scores[i] for i in self.exits]


def build(shape):
    return Net(SHAPES[shape]).to(memory_format=torch.channels_last)
