"""What happens to sound on its way to 16 bit samples: rooms, equalisers, processing of phones, codecs, levels."""
import numpy as np
import torch
from torch.nn import functional as F

from kws_data import RATE
from kws_sources import KNOTS_HZ, decibel

N_FFT = 36864  # the longest window and an impulse response


def column(values):
    return torch.tensor(np.asarray(values), dtype=torch.float32)[:, None]


class Room:
    """Random impulse responses and equalisers, as spectra of N_FFT samples."""

    def __init__(self, rng, generator):
        self.rng, self.generator = rng, generator
        hz = np.maximum(np.fft.rfftfreq(N_FFT, 1 / RATE), 1)
        self.octave = np.log2(hz)
        knots = np.log2(KNOTS_HZ)
        knot = np.clip((self.octave - knots[0]) / (knots[1] - knots[0]), 0, 7.999)
        low = knot.astype(int)
        mix = np.zeros((9, len(hz)), np.float32)
        mix[low, np.arange(len(hz))] = 1 - (knot - low)
        mix[low + 1, np.arange(len(hz))] += knot - low
        self.mix = torch.tensor(mix)

    def curve(self, gains):
        """[n, bins] amplitudes of [n, 9] decibels."""
        return torch.exp(torch.tensor(gains, dtype=torch.float32) @ self.mix * (np.log(10) / 20))

    def equaliser(self, n, share):
        """[n, 9] decibels: bumps and a slope for a share of the rows."""
        rng = self.rng
        gains = rng.normal(0, rng.uniform(1, 6, (n, 1)), (n, 9)) + rng.normal(0, 2, (n, 1)) * np.arange(-4, 5)
        return gains * (rng.random((n, 1)) < share)

    def band(self, n):
        """[n, bins] amplitudes: telephones and other band limits for some."""
        rng, curve = self.rng, torch.zeros(n, len(self.octave))
        for row in range(n):
            what = rng.random()
            if what < 0.12:  # telephone
                low, high = rng.uniform(200, 400), rng.uniform(3000, 3900)
            elif what < 0.3:
                low, high = rng.uniform(60, 250), rng.uniform(4000, 7800)
            else:
                continue
            below = np.maximum(0, np.log2(low) - self.octave) * 18
            above = np.maximum(0, self.octave - np.log2(high)) * 80
            curve[row] -= torch.tensor(np.minimum(below + above, 60), dtype=torch.float32)
        return torch.exp(curve * (np.log(10) / 20))

    def responses(self, n, share, length=6400):
        """Direct sound, some early echoes and a tail that loses its highs, 3 dB louder to 18 dB fainter than the direct sound."""
        rng, answer = self.rng, torch.ones(n, len(self.octave), dtype=torch.complex64)
        rows = some(rng, n, share)
        n = len(rows)
        t = torch.arange(length) / RATE
        decay = column(rng.uniform(0.08, 0.9, n))
        tail = torch.randn(n, length, generator=self.generator) * torch.exp(-6.9 * t / decay)
        tail *= t > column(rng.uniform(0.001, 0.012, n))
        sparse = torch.rand(n, length, generator=self.generator) < 0.04
        tail = torch.where((t < 0.04) & ~sparse & (column(rng.random(n)) < 0.5), torch.zeros(()), tail)
        tail *= column(decibel(-rng.uniform(-3, 18, n))) / tail.norm(dim=1, keepdim=True).clamp(min=1e-6)
        dark = self.curve(-rng.uniform(0, 3, (n, 1)) * np.maximum(0, np.arange(9) - 3))
        answer[rows] += torch.fft.rfft(tail, N_FFT) * dark
        return answer


def some(rng, n, share):
    return np.nonzero(rng.random(n) < share)[0]


def over_time(frames, length):
    """Values of 10 ms frames, drawn out to samples."""
    return F.interpolate(frames[:, None], length, mode="linear", align_corners=False)[:, 0]


def gate(rng, x):
    """Silences what is far below the loudest part, as the makers of some collections did."""
    envelope = F.max_pool1d(x.abs()[:, None], 160, 160, ceil_mode=True)
    envelope = F.max_pool1d(envelope, 11, 1, 5)[:, 0]
    limit = envelope.amax(1, keepdim=True) * column(decibel(-rng.uniform(22, 45, len(x))))
    opened = over_time((envelope > limit).float(), x.shape[1])
    rest = column(decibel(rng.uniform(-70, -15, len(x))))
    return x * (rest + (1 - rest) * opened)


def level_control(rng, x):
    """Automatic gain: quiet stretches get louder."""
    envelope = F.avg_pool1d((x**2)[:, None], 160, 160, ceil_mode=True)
    envelope = over_time(F.avg_pool1d(envelope, 9, 1, 4, count_include_pad=False)[:, 0].sqrt(), x.shape[1])
    gain = envelope / envelope.mean(1, keepdim=True).clamp(min=1e-6)
    return x * torch.clamp(gain + 1e-3, 0.05, 10) ** -column(rng.uniform(0.2, 0.7, len(x)))


def in_spectrum(x, change):
    window = torch.hann_window(512)
    spectrum = torch.stft(x, 512, 128, window=window, return_complex=True)
    return torch.istft(change(spectrum, spectrum.abs()), 512, 128, window=window, length=x.shape[1])


def suppress(rng, x):
    """A noise suppressor: what is always there is taken away, with its artefacts."""
    factor, rest = column(rng.uniform(1, 3.5, len(x)))[:, :, None], column(decibel(-rng.uniform(6, 26, len(x))))[:, :, None]

    def change(spectrum, size):
        always = size.kthvalue(size.shape[2] // 7 + 1, dim=2, keepdim=True)[0]
        return spectrum * torch.maximum(1 - factor * always / size.clamp(min=1e-9), rest)

    return in_spectrum(x, change)


def lossy(rng, x):
    """A codec that spends no bits on what is far below its surroundings, nor above its limit."""
    depth = column(decibel(-rng.uniform(8, 22, len(x))))[:, :, None]
    top = torch.tensor(rng.integers(120, 257, len(x)))[:, None, None]

    def change(spectrum, size):
        n, bins, frames = size.shape
        near = F.max_pool2d(size[:, None], (17, 1), 1, (8, 0))[:, 0]
        return spectrum * ((size > near * depth) & (torch.arange(bins)[None, :, None] < top))

    return in_spectrum(x, change)


def mu_law(rng, x):
    peak = x.abs().amax(1, keepdim=True).clamp(min=1e-6)
    x = x / peak * column(rng.uniform(0.05, 1, len(x)))
    code = torch.sign(x) * torch.log1p(255 * x.abs()) / np.log(256)
    code = torch.round(code * 127) / 127
    return torch.sign(code) * (256 ** code.abs() - 1) / 255 * peak


def halved(rng, x):
    """8 kHz and back, without filters: what was above 4 kHz folds down, what is below shows again above."""
    y, odd = x.clone(), x[:, 1::2]
    after = torch.cat([x[:, 2::2], x[:, -1:]], 1)[:, : odd.shape[1]]
    y[:, 1::2] = (x[:, 0::2][:, : odd.shape[1]] + after) / 2
    return y


def soften(rng, x):
    """Overdriven, rounded off."""
    peak = x.abs().amax(1, keepdim=True).clamp(min=1e-6)
    drive = column(decibel(rng.uniform(0, 14, len(x))))
    return torch.tanh(x / peak * drive) * peak


# Each happens to this share of the examples, in this order.
PROCESSING = [(suppress, 0.07), (level_control, 0.12), (gate, 0.12), (soften, 0.05), (halved, 0.04), (mu_law, 0.05), (lossy, 0.1)]


def process(rng, x):
    for what, share in PROCESSING:
        rows = some(rng, len(x), share)
        if len(rows):
            x[rows] = what(rng, x[rows])
    return x
