"""Trains one net on the pool.

    python3 train.py SHAPE DATA --cache CACHE [--passes 50] [--shards 16] [--seed 7] [--name NAME] [--teachers NAME ...] [--start NAME]
        [--rate 4e-3]

Writes CACHE/NAME.pt: the averaged weights and how they came about. Waits for shards that are still being made. With
teachers (nets already trained) it learns from the mean of their answers as well; with --start it begins at the weights
of a net already trained, as far as they fit.
"""
import argparse
import copy
import math
import os
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from kws_data import UNKNOWN, clip_to_window, load
from kws_features import BatchMfcc
from kws_model import build
from make_pool import shard_path

BATCH, DECAY, SMOOTHING, AVERAGE = 128, 0.02, 0.03, 0.998
HEAT, TRUST = 2.0, 0.7  # temperature of the teachers' answers, their share in the loss
EARLY = 0.4  # weight of an early exit


def load_shard(cache, k):
    while not os.path.exists(shard_path(cache, k)):
        time.sleep(2)
    with np.load(shard_path(cache, k)) as z:
        return torch.tensor(z["x"].astype(np.float32))[:, None], torch.tensor(z["y"].astype(np.int64))


def blur(x):
    """Up to 3 frames earlier or later, rounding as by an 8 bit input, now and then a gap of some frames (digital silence)."""
    n, frames = len(x), x.shape[2]
    source = (torch.arange(frames) + torch.randint(-3, 4, (n, 1))).clamp(0, frames - 1)
    x = x.gather(2, source[:, None, :, None].expand_as(x)) + (torch.rand_like(x) - 0.5) * 0.36
    width = torch.randint(1, 8, (n, 1)) * (torch.rand(n, 1) < 0.3)
    start = torch.randint(0, frames, (n, 1))
    position = torch.arange(frames)[None]
    gap = (position >= start) & (position < start + width)
    quiet = torch.zeros(x.shape[3])
    quiet[0] = -58.25
    return torch.where(gap[:, None, :, None], quiet, x)


def trained(cache, name):
    saved = torch.load(os.path.join(cache, name + ".pt"))
    net = build(saved["shape"])
    net.load_state_dict(saved["weights"])
    return net.eval()


def answers(nets, x):
    """[N, 8] mean answers of nets at temperature HEAT."""
    with torch.no_grad():
        return torch.cat([sum(F.softmax(net(part)[0] / HEAT, 1) for net in nets) / len(nets) for part in x.split(256)])


def teaching(cache, k, names, nets, x):
    """The teachers' answers on shard k, kept in the cache."""
    path = os.path.join(cache, f"answers-{'+'.join(names)}-{k:03d}.npy")
    if not os.path.exists(path):
        np.save(path + f".{os.getpid()}.npy", answers(nets, x).numpy().astype(np.float16))
        os.replace(path + f".{os.getpid()}.npy", path)
    return torch.tensor(np.load(path).astype(np.float32))


def loss_of(out, y, taught):
    hard = F.cross_entropy(out, y, label_smoothing=SMOOTHING)
    if taught is None:
        return hard
    soft = -(taught * F.log_softmax(out / HEAT, 1)).sum(1).mean() * HEAT**2
    return (1 - TRUST) * hard + TRUST * soft


def val_set(clips):
    chosen = [c for c in clips if c.split == "val" and c.kind != "noise"]
    windows = np.stack([clip_to_window(c.floats())[0] for c in chosen])
    labels = torch.tensor([c.label for c in chosen])
    return BatchMfcc()(torch.tensor(windows))[:, None], labels


def judge(net, x, y):
    net.eval()
    with torch.no_grad():
        got = torch.cat([net(part)[0] for part in x.split(256)]).argmax(1)
    net.train()
    keyword = y < UNKNOWN
    right = (got == y).float()
    alarms = (got[~keyword] < UNKNOWN).float().mean()
    return f"val {right.mean():.4f} keywords {right[keyword].mean():.4f} alarms {alarms:.4f}"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("shape")
    p.add_argument("data")
    p.add_argument("--cache", required=True)
    p.add_argument("--passes", type=int, default=50)
    p.add_argument("--shards", type=int, default=16)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--name")
    p.add_argument("--teachers", nargs="*", default=[])
    p.add_argument("--start")
    p.add_argument("--rate", type=float, default=4e-3)
    args = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    val_x, val_y = val_set(load(args.data, args.cache))
    teachers = [trained(args.cache, name) for name in args.teachers]
    net = build(args.shape)
    if args.start:
        net.load_state_dict(trained(args.cache, args.start).state_dict(), strict=False)
    average = copy.deepcopy(net)
    flat = [w for w in net.parameters() if w.dim() == 1]
    deep = [w for w in net.parameters() if w.dim() > 1]
    optimiser = torch.optim.AdamW(
        [{"params": deep, "weight_decay": DECAY}, {"params": flat, "weight_decay": 0.0}], lr=args.rate
    )

    began, step, history, total = time.time(), 0, [], None
    for turn in range(args.passes):
        # Every other pass is a shard not yet seen (as long as there are any), the rest are older ones.
        k = turn // 2 if turn % 2 == 0 else int(rng.integers(turn // 2 + 1))
        k %= args.shards
        x, y = load_shard(args.cache, k)
        taught = teaching(args.cache, k, args.teachers, teachers, x) if teachers else None
        total = total or args.passes * (len(y) // BATCH)
        order = torch.randperm(len(y))
        losses = []
        for i in range(len(y) // BATCH):
            rate = args.rate * min(1, (step + 1) / 300) * (0.5 + 0.5 * math.cos(math.pi * step / total))
            for group in optimiser.param_groups:
                group["lr"] = rate
            pick = order[i * BATCH : (i + 1) * BATCH]
            batch = blur(x[pick]).contiguous(memory_format=torch.channels_last)
            each = [loss_of(out, y[pick], None if taught is None else taught[pick]) for out in net(batch)]
            loss = each[0] + EARLY * sum(each[1:])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            keep = min(AVERAGE, (step + 1) / (step + 10))
            with torch.no_grad():
                for a, w in zip(average.state_dict().values(), net.state_dict().values()):
                    if a.dtype.is_floating_point:
                        a.mul_(keep).add_(w, alpha=1 - keep)
            losses.append(loss.item())
            step += 1
        line = f"pass {turn} loss {np.mean(losses):.4f} {time.time() - began:.0f} s"
        if turn % 4 == 3 or turn == args.passes - 1:
            line += " " + judge(average, val_x, val_y)
        print(line, flush=True)
        history.append(line)
    torch.save(
        dict(shape=args.shape, weights=average.state_dict(), seed=args.seed, passes=args.passes, teachers=args.teachers,
             start=args.start,
             examples=step * BATCH, seconds=round(time.time() - began), history=history),
        os.path.join(args.cache, (args.name or args.shape) + ".pt"),
    )


if __name__ == "__main__":
    main()
