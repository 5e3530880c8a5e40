"""Makes the training pool: shards of augmented examples as features, each shard from its own seed.

    python3 make_pool.py DATA --cache CACHE [--first 0] [--count 40] [--step 1]

Shard k is CACHE/pool-kkk.npz with x [SIZE, 74, 10] float16 and y [SIZE] uint8. The same seed gives the same shard.
Several processes may share the work (--first 0 --step 2 and --first 1 --step 2); training waits for what it needs.
"""
import argparse
import os
import time

import numpy as np
import torch

from kws_data import KEYWORDS, RATE, SILENCE, UNKNOWN, load
from kws_features import FRAME, FRAMES, HOP, BatchMfcc

SIZE, BATCH = 16384, 64  # examples in a shard; examples that share one hop and one warp
N_FFT = 36864  # the longest window and an impulse response

# What a shard holds. Negatives (all but the first line) are 64 %.
MIX = {
    "keyword": 0.36,
    "word": 0.21,  # single words of people
    "speech": 0.15,  # running speech, a window anywhere
    "synth": 0.10,  # synthesised confusable words
    "part": 0.06,  # a keyword of which less than half is in the window
    "join": 0.04,  # the head of one keyword and the tail of another
    "silence": 0.08,
}


def decibel(x):
    return 10 ** (x / 20)


def stretch(x, factor):
    """Plays faster (and higher) by a factor."""
    n = int(len(x) / factor)
    return np.interp(np.arange(n) * factor, np.arange(len(x)), x).astype(np.float32)


def loud_level(x):
    """Root mean square over the louder half of the 10 ms frames that are not digital silence."""
    frames = x[: len(x) // 160 * 160].reshape(-1, 160)
    energy = np.sort((frames**2).mean(axis=1))
    energy = energy[energy > 1e-10]
    return float(np.sqrt(energy[len(energy) // 2 :].mean())) if len(energy) else 0.0


class Sources:
    """The training clips by kind, and picking from them."""

    def __init__(self, clips, rng):
        self.rng = rng
        train = [c for c in clips if c.split == "train"]
        self.keywords = [[c for c in train if c.label == k] for k in range(len(KEYWORDS))]
        self.kinds = {k: [c for c in train if c.kind == k] for k in ("word", "speech", "synth")}
        self.noises = [c.floats() for c in train if c.kind == "noise"]
        colours = np.random.default_rng(1)
        self.floors = [coloured_noise(colours, 60000, tilt) for tilt in np.linspace(-0.3, 2.0, 48)]

    def pick(self, items):
        return items[self.rng.integers(len(items))]

    def uniform(self, low, high):
        return self.rng.uniform(low, high)

    def chance(self, p):
        return self.rng.random() < p

    def noise(self, length):
        """A stretch of a noise file, at a random speed, repeated if it is short. Root mean square 1."""
        factor = self.uniform(0.8, 1.25)
        x, need = self.pick(self.noises), int(length * 1.3) + 2
        if len(x) < need:
            x = np.tile(x, need // len(x) + 1)
        at = self.rng.integers(len(x) - need + 1)
        x = stretch(x[at : at + need], factor)[:length]
        return x / max(np.sqrt((x**2).mean()), 1e-6)

    def floor(self, length):
        x = self.pick(self.floors)
        at = self.rng.integers(len(x) - length)
        return x[at : at + length]

    def keyword(self, label):
        """A keyword clip at a random speed: samples, first and last sample of the word."""
        clip, factor = self.pick(self.keywords[label]), self.uniform(0.86, 1.16)
        return stretch(clip.floats(), factor), int(clip.start / factor), int(clip.end / factor)


def coloured_noise(rng, length, tilt):
    """Noise whose power falls with frequency to the power `tilt`. Root mean square 1."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    spectrum *= np.maximum(np.arange(len(spectrum)), 50) ** (-tilt / 2)
    x = np.fft.irfft(spectrum, length)
    return (x / x.std()).astype(np.float32)


def put(out, x, at):
    """Adds x to out from sample `at` on, cut at both ends. Says which samples it reached."""
    first, last = max(at, 0), min(at + len(x), len(out))
    if last > first:
        out[first:last] += x[first - at : last - at]
    return max(min(first, len(out)), 0), max(min(last, len(out)), 0)


def draw(src, kind, length):
    """One dry example: samples, label, span of the speech, span of the recording (zeros beyond)."""
    out, rng = np.zeros(length, np.float32), src.rng
    whole = (0, length)
    if kind == "silence":
        return out, SILENCE, whole, whole
    if kind == "keyword":
        label = int(rng.integers(len(KEYWORDS)))
        x, start, end = src.keyword(label)
        if src.chance(0.5):  # less of the surroundings, as in other collections
            cut = max(0, start - int(src.uniform(0, 0.44) * RATE))
            x, start, end = x[cut : end + int(src.uniform(0.02, 0.44) * RATE)], start - cut, end - cut
        size = end - start
        slack = int(0.04 * size)
        spare = length - size
        at = rng.integers(min(-slack, spare), max(spare + slack, 0) + 1) - start
        if len(x) <= length and src.chance(0.3):
            at = (length - len(x)) // 2
        span = put(out, x, at)
        spoken = (max(at + start, 0), min(at + end, length))
        if src.chance(0.15):  # somebody speaks just before or after
            other = src.pick(src.kinds["speech"] if src.chance(0.6) else src.kinds["word"]).floats()
            other = stretch(other, src.uniform(0.9, 1.12))
            other = other * (loud_level(x) / max(loud_level(other), 1e-6)) * decibel(src.uniform(-12, 3))
            gap = int(src.uniform(0.02, 0.2) * RATE)
            room = spoken[0] - gap
            if room > 0 and src.chance(0.5):
                put(out, other[-room:], room - len(other[-room:]))
            else:
                begin = spoken[1] + gap
                cut = rng.integers(max(1, len(other) - 8000))
                put(out, other[cut:], begin)
            span = whole
        return out, label, spoken, span
    if kind == "part":
        x, start, end = src.keyword(int(rng.integers(len(KEYWORDS))))
        seen = int((end - start) * src.uniform(0.0, 0.48))
        at = length - seen - start if src.chance(0.5) else seen - end
        span = put(out, x, at)
        if src.chance(0.5):
            span = whole
        return out, UNKNOWN, span, span
    if kind == "join":
        one, two = rng.choice(len(KEYWORDS), 2, replace=False)
        x, start, end = src.keyword(int(one))
        head = x[: start + int((end - start) * src.uniform(0.3, 0.52))]
        level = loud_level(head)
        y, start, end = src.keyword(int(two))
        tail = y[end - int((end - start) * src.uniform(0.3, 0.52)) :]
        tail = tail * (level / max(loud_level(tail), 1e-6))
        x = np.concatenate([head, np.zeros(int(src.uniform(0, 0.1) * RATE), np.float32), tail])
        span = put(out, x, rng.integers(min(0, length - len(x)), max(0, length - len(x)) + 1))
        return out, UNKNOWN, span, span
    x = stretch(src.pick(src.kinds[kind]).floats(), src.uniform(0.84, 1.18))
    spare = length - len(x)
    if spare < 0:
        at = -int(rng.integers(-spare + 1))
    elif src.chance(0.4):
        at = spare // 2
    else:
        at = int(rng.integers(-len(x) // 4, spare + len(x) // 4))
    span = put(out, x, at)
    if kind != "speech" and src.chance(0.25):  # another word behind or before it
        y = stretch(src.pick(src.kinds["word"]).floats(), src.uniform(0.84, 1.18))
        y = y * (loud_level(x) / max(loud_level(y), 1e-6))
        put(out, y, span[1] if src.chance(0.5) else span[0] - len(y))
        span = whole
    return out, UNKNOWN, span, span


class Room:
    """Random impulse responses and equalisers, as spectra of N_FFT samples."""

    def __init__(self, rng, generator):
        self.rng, self.generator = rng, generator
        hz = np.maximum(np.fft.rfftfreq(N_FFT, 1 / RATE), 1)
        self.octave = np.log2(hz)
        self.knots = np.linspace(np.log2(60), np.log2(8000), 9)
        knot = np.clip((self.octave - self.knots[0]) / (self.knots[1] - self.knots[0]), 0, 7.999)
        low = knot.astype(int)
        self.mix = np.zeros((9, len(hz)), np.float32)
        self.mix[low, np.arange(len(hz))] = 1 - (knot - low)
        self.mix[low + 1, np.arange(len(hz))] += knot - low
        self.mix = torch.tensor(self.mix)

    def equaliser(self, n, share, edges):
        """[n, bins] gains: bumps and a slope for a share of the rows; band limits too where `edges`."""
        rng = self.rng
        gains = rng.normal(0, rng.uniform(1, 6, (n, 1)), (n, 9)) + rng.normal(0, 2, (n, 1)) * np.arange(-4, 5)
        gains *= rng.random((n, 1)) < share
        curve = torch.tensor(gains, dtype=torch.float32) @ self.mix
        if edges:
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
        rng = self.rng
        t = torch.arange(length) / RATE
        decay = torch.tensor(rng.uniform(0.08, 0.8, (n, 1)), dtype=torch.float32)
        tail = torch.randn(n, length, generator=self.generator) * torch.exp(-6.9 * t / decay)
        tail *= t > torch.tensor(rng.uniform(0.001, 0.012, (n, 1)), dtype=torch.float32)
        ratio = decibel(-rng.uniform(-3, 18, (n, 1))) * (rng.random((n, 1)) < share)
        tail *= torch.tensor(ratio, dtype=torch.float32) / tail.norm(dim=1, keepdim=True)
        tail[:, 0] += 1
        return torch.fft.rfft(tail, N_FFT)


def make_batch(src, room, mfcc, kinds):
    rng, n = src.rng, len(kinds)
    hop = int(rng.integers(276, 369)) if src.chance(0.7) else HOP
    warp = float(rng.choice([0.88, 0.92, 0.96, 1.04, 1.09, 1.14])) if src.chance(0.5) else 1.0
    length = FRAME + (FRAMES - 1) * hop
    drawn = [draw(src, kind, length) for kind in kinds]
    labels = np.array([d[1] for d in drawn], np.uint8)
    dry = torch.tensor(np.stack([d[0] for d in drawn]))
    position = torch.arange(length)
    inside = lambda spans: torch.stack([(position >= a) & (position < b) for a, b in spans]).float()
    spoken, recorded = inside([d[2] for d in drawn]), inside([d[3] for d in drawn])

    noise = torch.tensor(np.stack([src.noise(length) for _ in range(n)]))
    speech = torch.fft.rfft(dry, N_FFT) * room.responses(n, 0.5) * room.equaliser(n, 0.6, False)
    noise = torch.fft.rfft(noise, N_FFT) * room.equaliser(n, 0.6, False)
    microphone = room.equaliser(n, 0.3, True)
    speech = torch.fft.irfft(speech * microphone, N_FFT)[:, :length]
    noise = torch.fft.irfft(noise * microphone, N_FFT)[:, :length]

    # Levels: speech at -46..-10 dBFS wherever it comes from, noise below it.
    silent = torch.tensor(labels == SILENCE)
    power = (speech**2 * spoken).sum(1) / spoken.sum(1).clamp(min=1)
    level = decibel(rng.uniform(-46, -10, n))
    speech *= (torch.tensor(level, dtype=torch.float32) / power.sqrt().clamp(min=1e-5))[:, None]
    ratio = rng.uniform(-2, 30, n)
    loud = level * decibel(-ratio) * (rng.random(n) < 0.75)
    alone = decibel(rng.uniform(-80, -14, n)) * (rng.random(n) < 0.65)
    loud = np.where(silent.numpy(), alone, loud)
    noise *= (torch.tensor(loud, dtype=torch.float32) / (noise**2).mean(1).sqrt().clamp(min=1e-6))[:, None]
    floor = decibel(np.where(silent.numpy(), rng.uniform(-96, -40, n), rng.uniform(-96, -55, n)))
    floor *= rng.random(n) < 0.85
    hiss = torch.tensor(np.stack([src.floor(length) for _ in range(n)]) * floor[:, None].astype(np.float32))
    x = speech + noise + hiss

    # A few are overdriven; some are short clips, with digital silence around them.
    drive = torch.tensor(np.where(rng.random(n) < 0.07, decibel(rng.uniform(6, 16, n)), 1.0), dtype=torch.float32)
    peak = x.abs().amax(1).clamp(min=1e-6)
    drive = torch.where(drive > 1, drive / peak, torch.ones(n))
    x = (x * drive[:, None]).clamp(-1, 1)
    padded = torch.tensor(rng.random(n) < 0.35, dtype=torch.float32)[:, None]
    x *= 1 - padded * (1 - recorded)
    x = torch.round(x * 32768) / 32768
    return mfcc(x, hop, warp).numpy().astype(np.float16), labels


def make_shard(clips, seed, size=SIZE):
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    src, room, mfcc = Sources(clips, rng), Room(rng, generator), BatchMfcc()
    kinds = rng.choice(list(MIX), size, p=list(MIX.values()))
    batches = [make_batch(src, room, mfcc, kinds[i : i + BATCH]) for i in range(0, size, BATCH)]
    order = rng.permutation(size)
    return np.concatenate([b[0] for b in batches])[order], np.concatenate([b[1] for b in batches])[order]


def shard_path(cache, k):
    return os.path.join(cache, f"pool-{k:03d}.npz")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data")
    p.add_argument("--cache", required=True)
    p.add_argument("--first", type=int, default=0)
    p.add_argument("--count", type=int, default=40)
    p.add_argument("--step", type=int, default=1)
    args = p.parse_args()
    torch.set_num_threads(1)
    clips = load(args.data, args.cache)
    for k in range(args.first, args.count, args.step):
        if os.path.exists(shard_path(args.cache, k)):
            continue
        began = time.time()
        x, y = make_shard(clips, 1000 + k)
        part = shard_path(args.cache, k) + f".{os.getpid()}.part.npz"
        np.savez(part, x=x, y=y)
        os.replace(part, shard_path(args.cache, k))
        print(f"shard {k}: {len(y)} examples, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
