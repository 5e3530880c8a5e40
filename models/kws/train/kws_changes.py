"""Other recording chains for judging: rooms, filters, codecs, levels, noise floors, tempo. Unlike those of training by
construction: rooms from mirrored sources instead of decaying noise, filters from biquads instead of curves, codecs
that were in use (A-law, IMA ADPCM, a transform codec), tempo by overlapping waves instead of the hop.

CHANGES: name -> function of (random generator, samples in [-1, 1] at 16 kHz) that gives changed samples.
"""
import audioop

import numpy as np

from kws_data import RATE


def decibel(x):
    return 10 ** (x / 20)


def rms(x):
    live = x[np.abs(x) > 1e-4]
    return float(np.sqrt((live**2).mean())) if len(live) else 1e-4


def convolve(x, h):
    n = 1 << int(np.ceil(np.log2(len(x) + len(h))))
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(h, n), n)[: len(x) + len(h) // 2]


def shoebox(size, mouth, microphone, reflect, length=8000):
    """Impulse response of a box-shaped room by mirrored sources (Allen and Berkley 1979), metres, 343 m/s."""
    h, reach = np.zeros(length), 343 * length / RATE
    counts = [int(np.ceil(reach / (2 * s))) for s in size]
    axes = []
    for s, m, r, count in zip(size, mouth, microphone, counts):
        k = np.arange(-count, count + 1)
        direct, mirrored = 2 * k * s + m - r, 2 * k * s - m - r
        axes.append((np.concatenate([direct, mirrored]), np.concatenate([2 * np.abs(k), np.abs(2 * k - 1)])))
    (x, nx), (y, ny), (z, nz) = axes
    distance = np.sqrt((x**2)[:, None, None] + (y**2)[:, None] + z**2)
    gain = reflect ** (nx[:, None, None] + ny[:, None] + nz) / np.maximum(distance, 0.1)
    at = (distance / 343 * RATE).astype(int)
    near = at < length
    np.add.at(h, at[near], gain[near])
    h -= np.convolve(h, np.ones(160) / 160, "same")  # no constant part
    first = np.argmax(np.abs(h))
    return h[max(0, first - 40) :] / np.abs(h).max()


def biquad(x, kind, hz, db=0.0, q=0.7):
    """One second-order filter of the Audio EQ Cookbook (Bristow-Johnson), by its spectrum over a long transform."""
    a, w = decibel(db / 2), 2 * np.pi * hz / RATE
    alpha, c = np.sin(w) / (2 * q), np.cos(w)
    if kind == "peak":
        b, d = (1 + alpha * a, -2 * c, 1 - alpha * a), (1 + alpha / a, -2 * c, 1 - alpha / a)
    elif kind == "low":
        b, d = ((1 - c) / 2, 1 - c, (1 - c) / 2), (1 + alpha, -2 * c, 1 - alpha)
    else:
        b, d = ((1 + c) / 2, -(1 + c), (1 + c) / 2), (1 + alpha, -2 * c, 1 - alpha)
    n = 1 << int(np.ceil(np.log2(len(x) + 8000)))
    z = np.exp(-2j * np.pi * np.arange(n // 2 + 1) / n)
    response = (b[0] + b[1] * z + b[2] * z * z) / (d[0] + d[1] * z + d[2] * z * z)
    return np.fft.irfft(np.fft.rfft(x, n) * response, n)[: len(x)]


def resample(x, factor):
    """Plays faster and higher by a factor, with a windowed sinc."""
    at = np.arange(int(len(x) / factor)) * factor
    whole, cut = at.astype(int), min(1.0, 1 / factor)
    y = np.zeros(len(at))
    for k in range(-16, 17):
        t = at - (whole + k)
        y += x[np.clip(whole + k, 0, len(x) - 1)] * cut * np.sinc(cut * t) * (0.5 + 0.5 * np.cos(np.pi * np.clip(t / 17, -1, 1)))
    return y


def tempo(x, factor, size=480):
    """Faster by a factor at the same pitch: overlapping waves where they fit best (WSOLA)."""
    half, search, out, at = size // 2, 160, [], 0
    window = np.hanning(size + 1)[:size]
    x = np.concatenate([np.zeros(search), x, np.zeros(size + 2 * search)])
    y = np.zeros(int(len(x) / factor) + 2 * size)
    wanted = x[search : search + size]
    while at * half + size < len(y) and int(at * half * factor) + size + 2 * search < len(x):
        start = int(at * half * factor)
        area = x[start : start + size + 2 * search]
        best = int(np.argmax(np.correlate(area, wanted, "valid"))) if wanted.any() and area.any() else search
        y[at * half : at * half + size] += area[best : best + size] * window
        wanted = x[start + best + half : start + best + half + size]
        at += 1
    return y[: at * half]


def bytes_of(x):
    return np.round(np.clip(x, -1, 1) * 32767).astype("<i2").tobytes()


def of_bytes(raw):
    return np.frombuffer(raw, "<i2").astype(np.float64) / 32768


def telephone(x):
    x = biquad(biquad(x, "high", 300), "low", 3400, q=1.0)
    raw, _ = audioop.ratecv(bytes_of(x), 2, 1, RATE, 8000, None)
    raw = audioop.alaw2lin(audioop.lin2alaw(raw, 2), 2)
    raw, _ = audioop.ratecv(raw, 2, 1, 8000, RATE, None)
    return of_bytes(raw)


def adpcm(x):
    """4 bit IMA ADPCM at 16 kHz."""
    code, _ = audioop.lin2adpcm(bytes_of(x), 2, None)
    return of_bytes(audioop.adpcm2lin(code, 2, None)[0])


def transform_codec(x, bits=1.2, size=320):
    """Lapped transform (MDCT), every band with the step that some bits a value leave, nothing above 6.5 kHz."""
    n = size
    window = np.sin(np.pi * (np.arange(2 * n) + 0.5) / (2 * n))
    k, t = np.arange(n)[:, None] + 0.5, np.arange(2 * n)[None] + 0.5 + n / 2
    basis = np.cos(np.pi / n * k * t) * np.sqrt(2 / n) * window
    padded = np.concatenate([np.zeros(n), x, np.zeros(2 * n)])
    frames = np.stack([padded[i : i + 2 * n] for i in range(0, len(padded) - 2 * n, n)])
    values = frames @ basis.T
    for low in range(0, n, 16):
        band = values[:, low : low + 16]
        step = np.sqrt((band**2).mean(axis=1, keepdims=True)) * 2 ** (2 - bits) + 1e-5
        values[:, low : low + 16] = np.round(band / step) * step
    values[:, int(n * 6500 / 8000) :] = 0
    frames, y = values @ basis, np.zeros(len(padded))
    for i, frame in enumerate(frames):
        y[i * n : i * n + 2 * n] += frame
    return y[n : n + len(x)]


def brown(rng, n):
    x = np.cumsum(rng.normal(size=n + 400))
    x = (x - np.convolve(x, np.ones(401) / 401, "same"))[200 : 200 + n]
    return x / x.std()


def with_floor(x, noise, ratio):
    return x + noise / noise.std() * rms(x) * decibel(-ratio)


def mains(n):
    t = np.arange(n) / RATE
    return np.sign(np.sin(2 * np.pi * 50 * t)) * 0.5 + np.sin(2 * np.pi * 100 * t)


ROOMS = {
    "near": ((3.1, 4.2, 2.5), (1.0, 1.4, 1.5), (1.6, 1.9, 1.1), 0.80),
    "far": ((5.2, 6.3, 2.7), (1.1, 1.3, 1.6), (3.6, 4.4, 0.9), 0.85),
    "bath": ((2.0, 2.4, 2.4), (0.6, 0.9, 1.5), (1.5, 1.9, 1.2), 0.93),
}
RESPONSES = {}


def room(name, x):
    if name not in RESPONSES:
        RESPONSES[name] = shoebox(*ROOMS[name])
    y = convolve(x, RESPONSES[name])
    return y * (rms(x) / max(rms(y), 1e-6))


def loud(x, level):
    return x * (decibel(level) / max(rms(x), 1e-5))


def tinny(x):
    return biquad(biquad(biquad(x, "high", 500), "peak", 2300, 12, 2.0), "low", 5500)


def muffled(x):
    return biquad(biquad(biquad(x, "low", 1800, q=0.6), "peak", 250, 6, 1.0), "high", 80)


CHANGES = {
    "room, 0.9 m": lambda r, x: room("near", x),
    "room, 4.1 m": lambda r, x: room("far", x),
    "bathroom": lambda r, x: room("bath", x),
    "tinny": lambda r, x: tinny(x),
    "muffled": lambda r, x: muffled(x),
    "A-law telephone": lambda r, x: telephone(x),
    "ADPCM": lambda r, x: adpcm(x),
    "transform codec": lambda r, x: transform_codec(x),
    "-48 dBFS": lambda r, x: np.round(loud(x, -48) * 32768) / 32768,
    "-8 dBFS": lambda r, x: np.clip(loud(x, -8), -1, 1),
    "clipped 15 dB": lambda r, x: np.clip(x / max(np.abs(x).max(), 1e-4) * decibel(15), -0.9, 1) * 0.5,
    "constant 0.05": lambda r, x: x + 0.05,
    "hiss 20 dB": lambda r, x: with_floor(x, r.normal(size=len(x)), 20),
    "rumble 5 dB": lambda r, x: with_floor(x, brown(r, len(x)), 5),
    "mains 15 dB": lambda r, x: with_floor(x, mains(len(x)), 15),
    "1.3 times faster": lambda r, x: tempo(x, 1.3),
    "1.25 times slower": lambda r, x: tempo(x, 1 / 1.25),
    "higher voice": lambda r, x: tempo(resample(x, 1.15), 1 / 1.15),
    "deeper voice": lambda r, x: tempo(resample(x, 0.87), 1 / 0.87),
    "kitchen": lambda r, x: loud(with_floor(room("far", tempo(x, 1.12)), brown(r, int(len(room("far", tempo(x, 1.12))))), 12), -35),
    "old telephone": lambda r, x: telephone(with_floor(tempo(x, 1.15), r.normal(size=len(tempo(x, 1.15))), 18)),
}
