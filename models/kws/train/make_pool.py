"""Makes the training pool: shards of augmented examples as features, each shard from its own seed.

    python3 make_pool.py DATA --cache CACHE [--first 0] [--count 16] [--step 1]

Shard k is CACHE/pool-kkk.npz with x [SIZE, 74, 10] float16 and y [SIZE] uint8. The same seed gives the same shard.
Several processes may share the work (--first 0 --step 2 and --first 1 --step 2); training waits for what it needs.
"""
import argparse
import os
import time

import numpy as np
import torch

from kws_chain import N_FFT, Room, column, process, some
from kws_data import SILENCE, load
from kws_features import FRAME, FRAMES, HOP, BatchMfcc
from kws_sources import Sources, decibel, draw

SIZE, BATCH = 16384, 64  # examples in a shard; examples that share one hop and one warp

EVEN_FROM = 12  # from this shard on the small collections of words come as often as the large one

# What a shard holds. Negatives (all but the first line) are 64 %.
MIX = {
    "keyword": 0.36,
    "word": 0.21,  # single words of people
    "speech": 0.15,  # running speech, a window anywhere
    "synth": 0.10,  # synthesised confusable words
    "part": 0.06,  # less than half of a keyword
    "join": 0.04,  # halves of keywords that do not belong together
    "silence": 0.08,
}


def levels(src, speech, noise, labels, spoken):
    """Speech at -50 to -6 dBFS wherever it comes from, noise below it, a floor under both."""
    rng, n = src.rng, len(labels)
    silent = labels == SILENCE
    power = (speech**2 * spoken).sum(1) / spoken.sum(1).clamp(min=1)
    level = decibel(rng.uniform(-50, -6, n))
    speech *= column(level) / power.sqrt().clamp(min=1e-5)[:, None]
    loud = level * decibel(-rng.uniform(-3, 30, n)) * (rng.random(n) < 0.72)
    alone = decibel(rng.uniform(-80, -14, n)) * (rng.random(n) < 0.65)
    loud = np.where(silent, alone, loud)
    noise *= column(loud) / (noise**2).mean(1).sqrt().clamp(min=1e-6)[:, None]
    floor = decibel(np.where(silent, rng.uniform(-96, -40, n), rng.uniform(-96, -52, n)))
    floor = np.where(~silent & (rng.random(n) < 0.4), level * decibel(-rng.uniform(12, 45, n)), floor)
    floor *= rng.random(n) < 0.88
    hiss = torch.tensor(np.stack([src.floor(speech.shape[1]) for _ in range(n)]))
    return speech + noise + hiss * column(floor)


def make_batch(src, room, mfcc, kinds):
    rng, n = src.rng, len(kinds)
    # Words played in 0.78 to 1.28 of their time, at the same pitch.
    hop = int(np.exp(rng.uniform(np.log(250), np.log(410)))) if src.chance(0.75) else HOP
    warp = float(rng.choice([0.85, 0.89, 0.93, 0.97, 1.04, 1.08, 1.13, 1.18])) if src.chance(0.6) else 1.0
    length = FRAME + (FRAMES - 1) * hop
    drawn = [draw(src, kind, length) for kind in kinds]
    labels = np.array([d.label for d in drawn], np.uint8)
    dry = torch.tensor(np.stack([d.samples for d in drawn]))
    position = torch.arange(length)
    inside = lambda spans: torch.stack([(position >= a) & (position < b) for a, b in spans]).float()
    spoken, recorded = inside([d.spoken for d in drawn]), inside([d.recorded for d in drawn])

    noise = torch.tensor(np.stack([src.noise(length) for _ in range(n)]))
    chain = room.equaliser(n, 0.5)
    for row in some(rng, n, 0.35):
        chain[row] = src.other_chain(drawn[row].collection)
    microphone = room.equaliser(n, 0.3)
    band = room.band(n)
    speech = torch.fft.rfft(dry, N_FFT) * room.responses(n, 0.5) * room.curve(chain + microphone) * band
    noise = torch.fft.rfft(noise, N_FFT) * room.curve(room.equaliser(n, 0.6) + microphone) * band
    speech, noise = (torch.fft.irfft(x, N_FFT)[:, :length] for x in (speech, noise))
    x = process(rng, levels(src, speech, noise, labels, spoken))

    # A few are overdriven; some are short clips, with digital silence around them; some ride on a constant.
    over = torch.tensor(rng.random(n) < 0.08)[:, None]
    drive = column(decibel(rng.uniform(3, 18, n))) / x.abs().amax(1, keepdim=True).clamp(min=1e-6)
    x = torch.where(over, x * drive, x).clamp(-1, 1)
    padded = column(rng.random(n) < 0.35)
    x *= 1 - padded * (1 - recorded)
    x += column(rng.normal(0, 0.01, n) * (rng.random(n) < 0.1))
    x = torch.round(x.clamp(-1, 1) * 32768) / 32768
    return mfcc(x, hop, warp).numpy().astype(np.float16), labels


def make_shard(src, seed, size=SIZE):
    rng = src.rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    room, mfcc = Room(rng, generator), BatchMfcc()
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
    p.add_argument("--count", type=int, default=16)
    p.add_argument("--step", type=int, default=1)
    args = p.parse_args()
    torch.set_num_threads(1)
    src = Sources(load(args.data, args.cache))
    for k in range(args.first, args.count, args.step):
        if os.path.exists(shard_path(args.cache, k)):
            continue
        began = time.time()
        src.even = k >= EVEN_FROM
        x, y = make_shard(src, 1000 + k)
        part = shard_path(args.cache, k) + f".{os.getpid()}.part.npz"
        np.savez(part, x=x, y=y)
        os.replace(part, shard_path(args.cache, k))
        print(f"shard {k}: {len(y)} examples, {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
