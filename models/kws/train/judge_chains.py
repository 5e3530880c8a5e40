"""Judges every variant on the val clips as other recording chains would have given them (kws_changes.py).

    python3 judge_chains.py DATA --cache CACHE

Adds `chains` to every variant of results.json: for each change keyword recall and others taken for keywords. The nets run
in torch, on the grids of the files (build.py compares both).
"""
import argparse
import json
import os

import numpy as np
import torch

from build import HERE, folded_path, probabilities
from kws_changes import CHANGES
from kws_data import UNKNOWN, clip_to_window, load
from kws_features import BatchMfcc
from quantise import forward


def changed_sets(clips, cache):
    """name -> features of all val clips [N, 74, 10], each change with its own random numbers; and the labels."""
    chosen = [c for c in clips if c.split == "val" and c.kind != "noise"]
    path, extract, sets = os.path.join(cache, "chains.npz"), BatchMfcc(), {}
    if os.path.exists(path):
        with np.load(path) as z:
            sets = dict(z)
    for number, (name, change) in enumerate(CHANGES.items()):
        if name not in sets:
            rng = np.random.default_rng(900 + number)
            windows = [clip_to_window(change(rng, c.floats().astype(np.float64)))[0] for c in chosen]
            windows = np.round(np.clip(np.stack(windows), -1, 1) * 32768).astype(np.float32) / 32768
            sets[name] = extract(torch.tensor(windows)).numpy()
    np.savez(path, **sets)
    return {name: sets[name] for name in CHANGES}, np.array([c.label for c in chosen])


def figures(got, labels):
    keyword = labels < UNKNOWN
    return {
        "keyword_recall": round(float((got == labels)[keyword].mean()), 4),
        "other_to_keyword": round(float((got[~keyword] < UNKNOWN).mean()), 4),
    }


def judged(scores, sets, labels):
    """Figures of every change, and their means."""
    chains = {name: figures(part.argmax(1), labels) for name, part in zip(sets, np.split(scores, len(sets)))}
    keys = ("keyword_recall", "other_to_keyword")
    chains["mean"] = {key: round(float(np.mean([c[key] for c in chains.values()])), 4) for key in keys}
    return chains


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data")
    p.add_argument("--cache", required=True)
    args = p.parse_args()
    torch.set_num_threads(1)
    sets, labels = changed_sets(load(args.data, args.cache), args.cache)
    windows = torch.tensor(np.concatenate(list(sets.values())))[:, None]
    path = os.path.join(HERE, "results.json")
    with open(path) as f:
        results = json.load(f)
    for stem in results:
        name, kind = stem.rsplit("-", 1)
        net, ranges = torch.load(folded_path(args.cache, name))[kind]
        scores = probabilities(lambda x: forward(net, x, ranges), windows)[0]
        results[stem]["chains"] = judged(scores, sets, labels)
        print(stem, *(f"{k}: {v['keyword_recall']:.3f}/{v['other_to_keyword']:.3f}" for k, v in results[stem]["chains"].items()), sep="  ")
    with open(path, "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
