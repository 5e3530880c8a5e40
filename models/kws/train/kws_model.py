"""The nets: depthwise separable convolutions. They take [N, 1, 74, 10] features and give 8 scores before softmax."""
import torch
from torch import nn

WIDTHS = {"ds-cnn-64": 64, "ds-cnn-32": 32, "ds-cnn-16": 16}
BLOCKS = 4


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        # The first convolution strides by 2 both ways and pads the coefficients only.
        layers = [self.unit(1, width, (10, 4), 2, (0, 1), 1)]
        for _ in range(BLOCKS):
            layers.append(self.unit(width, width, (3, 3), (1, 1), (1, 1), width))
            layers.append(self.unit(width, width, (1, 1), (1, 1), (0, 0), 1))
        self.units = nn.ModuleList(layers)
        self.dense = nn.Linear(width, 8)

    @staticmethod
    def unit(inputs, outputs, kernel, stride, pad, groups):
        conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

    def forward(self, x):
        x = x * 0.125  # brings the coefficients near 1; folded into the first convolution later
        for unit in self.units:
            x = unit(x)
        return self.dense(x.mean((2, 3)))


def build(shape):
    return Net(WIDTHS[shape]).to(memory_format=torch.channels_last)
