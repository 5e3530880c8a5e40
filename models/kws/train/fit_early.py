"""Fits the early exit of a net that is trained but for it, all else held: a linear classifier on what it sees.

    python3 fit_early.py NAME --cache CACHE

Changes CACHE/NAME.pt. In joint training this head learns too slowly, since its inputs vary little.
"""
import argparse
import os

import torch
from torch.nn import functional as F

from kws_data import LABELS
from train import blur, load_shard, trained

SHARDS, TURNS, BATCH, RATE = (0, 1, 12, 14), 6, 512, 5e-3


def pooled(net, x):
    """Means over positions before the early exit, [N, channels]."""
    found = []
    with torch.no_grad():
        for part in x.split(256):
            part = part * 0.125
            for unit in net.units[: net.exits[1]]:
                part = unit(part)
            found.append(part.mean((2, 3)))
    return torch.cat(found)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("name")
    p.add_argument("--cache", required=True)
    args = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = trained(args.cache, args.name)
    shards = [load_shard(args.cache, k) for k in SHARDS]
    x, y = torch.cat([pooled(net, blur(x)) for x, _ in shards]), torch.cat([y for _, y in shards])
    mean, spread = x.mean(0), x.std(0) + 1e-3
    x = (x - mean) / spread
    head = torch.nn.Linear(x.shape[1], len(LABELS))
    optimiser = torch.optim.Adam(head.parameters(), lr=RATE)
    for turn in range(TURNS):
        for pick in torch.randperm(len(x)).split(BATCH):
            loss = F.cross_entropy(head(x[pick]), y[pick])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        print(f"turn {turn} loss {loss.item():.4f}", flush=True)
    path = os.path.join(args.cache, args.name + ".pt")
    saved = torch.load(path)
    saved["weights"]["heads.1.weight"] = (head.weight / spread).detach()
    saved["weights"]["heads.1.bias"] = (head.bias - (head.weight / spread) @ mean).detach()
    torch.save(saved, path)


if __name__ == "__main__":
    main()
