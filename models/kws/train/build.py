"""Exports and judges every variant.

    python3 build.py DATA --cache CACHE --out ..  --ort FOLDER [--variants NAME ...]

Writes OUT/NAME-float32.onnx and OUT/NAME-int8.onnx, runs both with onnxruntime-web (FOLDER has it installed), and
writes results.json and reference/reference.json beside this file; of variants that are not named both keep what they say.
"""
import argparse
import json
import os
import re
import subprocess
import tempfile

import numpy as np
import torch

from kws_data import KEYWORDS, LABELS, SILENCE, UNKNOWN, VAL_NOISE, clip_to_window, load
from kws_features import WINDOW, BatchMfcc, distinct, mfcc
from make_pool import shard_path
from onnx_files import write_float, write_int8
from quantise import fold, forward, quantise
from train import load_shard, trained

VARIANTS = ["ds-cnn-128", "ds-cnn-64", "ds-cnn-64-exits", "ds-cnn-48", "ds-cnn-32", "ds-cnn-16"]
LEAN = -0.3  # added to the scores of the keywords before softmax: fewer words are taken for keywords
MENDING = 96  # batches of 128 training examples, for the int8 nets
HERE = os.path.dirname(os.path.abspath(__file__))


def multiplications(net):
    total, high, wide = 0, 74, 10
    for l in net.layers:
        high = (high + 2 * l.pad[0] - l.weight.shape[2]) // l.stride[0] + 1
        wide = (wide + 2 * l.pad[1] - l.weight.shape[3]) // l.stride[1] + 1
        total += high * wide * l.weight.numel()
    return int(total + sum(dense.weight.numel() for _, dense in net.heads))


def with_noise(windows, spans, noises, ratio, seed):
    """Noise over the whole window, `ratio` dB below the speech of the span."""
    rng, mixed = np.random.default_rng(seed), []
    for x, (first, last) in zip(windows, spans):
        noise = noises[rng.integers(len(noises))]
        at = rng.integers(len(noise) - WINDOW + 1)
        noise = noise[at : at + WINDOW]
        wanted = np.sqrt((x[first:last] ** 2).mean()) * 10 ** (-ratio / 20)
        mixed.append(np.clip(x + noise * (wanted / max(np.sqrt((noise**2).mean()), 1e-6)), -1, 1))
    return np.stack(mixed)


def test_sets(clips):
    """name -> (features [N, 74, 10], labels, recordings)"""
    chosen = [c for c in clips if c.split == "val" and c.kind != "noise"]
    noises = [c.floats() for c in clips if c.split == "val" and c.kind == "noise"]
    assert len(noises) == len(VAL_NOISE)
    windows, spans = [], []
    for c in chosen:
        window, shift = clip_to_window(c.floats())
        windows.append(window)
        spans.append((max(0, c.start + shift), min(WINDOW, c.end + shift)))
    labels, recordings = np.array([c.label for c in chosen]), distinct(chosen)
    quiet = [n[i : i + WINDOW] for n in noises for i in range(0, len(n) - WINDOW + 1, WINDOW)]
    quiet.append(np.zeros(WINDOW, np.float32))
    sets = {"clean": (np.stack(windows), labels, recordings)}
    for ratio, seed in ((10, 110), (5, 105)):
        sets[f"{ratio} dB"] = (with_noise(windows, spans, noises, ratio, seed), labels, recordings)
    sets["noise alone"] = (np.stack(quiet), np.full(len(quiet), SILENCE), np.arange(len(quiet)))
    extract = BatchMfcc()
    return {name: (extract(torch.tensor(np.asarray(x, np.float32))).numpy(), y, r) for name, (x, y, r) in sets.items()}


def golden_wave():
    """The formula of reference.json: two tones and a chirp that swell, over noise of a simple generator."""
    n, state = np.arange(WINDOW), 12345
    noise = np.zeros(WINDOW)
    for i in range(WINDOW):
        state = (1664525 * state + 1013904223) % 2**32
        noise[i] = state / 2**31 - 1
    t = n / 16000
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW)
    tones = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1234.5 * t + 0.5)
    return swell * (tones + 0.1 * np.sin(2 * np.pi * (300 * t + 1000 * t * t))) + 0.01 * noise


def figures(scores, labels, recordings):
    got, keyword = scores.argmax(1), labels < UNKNOWN
    out = {"accuracy": round(float((got == labels).mean()), 4)}
    if keyword.any():
        out["keyword_recall"] = round(float((got == labels)[keyword].mean()), 4)
        # Every recording once, however many copies there are: the mean over its copies.
        each = [(got == labels)[recordings == r].mean() for r in np.unique(recordings[keyword])]
        out["keyword_recall_distinct"] = {"recall": round(float(np.mean(each)), 4), "recordings": len(each)}
        out["other_to_keyword"] = {"count": int((got[~keyword] < UNKNOWN).sum()), "of": int((~keyword).sum())}
        out["other_to_keyword"]["rate"] = round(out["other_to_keyword"]["count"] / out["other_to_keyword"]["of"], 4)
    else:
        out["taken_for_keyword"] = int((got < UNKNOWN).sum())
    out["classes"] = {
        LABELS[k]: {"correct": int((got == k)[labels == k].sum()), "total": int((labels == k).sum())}
        for k in range(len(LABELS)) if (labels == k).any()
    }
    return out


def judged(scores, sets):
    """Figures of every test set; the scores of the golden wave come first."""
    found, at = {}, 1
    for key, (x, y, recordings) in sets.items():
        found[key] = figures(scores[at : at + len(x)], y, recordings)
        at += len(x)
    return found


def confusions(scores, labels):
    """label -> answer -> clips, on clean clips."""
    table = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(table, (labels, scores.argmax(1)), 1)
    return {LABELS[i]: {LABELS[j]: int(table[i, j]) for j in range(len(LABELS)) if table[i, j]} for i in range(len(LABELS)) if table[i].any()}


def probabilities(run, windows):
    """[exits, N, labels]"""
    with torch.no_grad():
        parts = [torch.stack([torch.softmax(s, 1) for s in run(part)]) for part in windows.split(256)]
    return torch.cat(parts, 1).numpy()


def run_onnx(ort, features, files):
    """file -> scores of every exit [exits, windows, labels], as onnxruntime-web gives them."""
    with tempfile.TemporaryDirectory() as folder:
        given = os.path.join(folder, "features.bin")
        np.ascontiguousarray(features, np.float32).tofile(given)
        subprocess.run(["node", os.path.join(HERE, "run_onnx.mjs"), ort, given, folder, *files], check=True)
        answers = [np.fromfile(os.path.join(folder, os.path.basename(f) + ".bin"), np.float32) for f in files]
        return {f: a.reshape(-1, len(features), len(LABELS)) for f, a in zip(files, answers)}


def folded_path(cache, name):
    return os.path.join(cache, name + "-folded.pt")


def kept(name):
    path = os.path.join(HERE, name)
    if not os.path.exists(path):
        return {}
    with open(path) as f:
        return json.load(f)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data")
    p.add_argument("--cache", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--ort", required=True)
    p.add_argument("--variants", nargs="*", default=VARIANTS)
    args = p.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sets = test_sets(load(args.data, args.cache))
    with np.load(shard_path(args.cache, 0)) as z:
        examples = torch.tensor(z["x"][:1024].astype(np.float32))[:, None]
    lessons = load_shard(args.cache, 1)[0]

    wave = golden_wave()
    golden = mfcc(wave)
    everything = np.concatenate([golden[None].astype(np.float32)] + [x for x, _, _ in sets.values()])
    torch_scores, saved, files = {}, {}, []
    windows = torch.tensor(everything)[:, None]
    for name in args.variants:
        saved[name] = torch.load(os.path.join(args.cache, name + ".pt"))
        net = trained(args.cache, name)
        with torch.no_grad():
            for head in net.heads:
                head.bias[: len(KEYWORDS)] += LEAN
        folded = fold(net)
        quantised = quantise(folded, examples, [lessons[i : i + 128] for i in range(0, 128 * MENDING, 128)])
        torch.save({"float32": (folded, None), "int8": (quantised.net, quantised.ranges)}, folded_path(args.cache, name))
        runs = {"float32": lambda x: forward(folded, x), "int8": lambda x: forward(quantised.net, x, quantised.ranges)}
        for kind, run in runs.items():
            file = os.path.join(args.out, f"{name}-{kind}.onnx")
            files.append(file)
            if kind == "float32":
                write_float(file, f"{name}-float32", folded)
            else:
                write_int8(file, f"{name}-int8", quantised)
            torch_scores[file] = probabilities(run, windows)
        saved[name]["parameters"] = sum(l.weight.numel() + l.bias.numel() for l in folded.all())
        saved[name]["macs"] = multiplications(folded)
        gap = np.abs(probabilities(net, windows[:64]) - torch_scores[files[-2]][:, :64]).max()
        print(name, "folding changes scores by at most", float(gap), flush=True)

    scores = run_onnx(args.ort, everything, files)
    results, answers = kept("results.json"), kept("reference/reference.json").get("scores", {})
    for file in files:
        stem = os.path.basename(file)[: -len(".onnx")]
        name = stem.rsplit("-", 1)[0]
        gap = np.abs(scores[file] - torch_scores[file])
        info = saved[name]
        results[stem] = {
            "parameters": info["parameters"], "macs": info["macs"], "bytes": os.path.getsize(file),
            "training": {k: info.get(k) for k in ("seed", "passes", "examples", "seconds", "teachers", "start")},
            "lean": LEAN,
            "val": judged(scores[file][0], sets), "onnx_against_torch": {
                "largest_difference": round(float(gap.max()), 6), "mean_difference": round(float(gap.mean()), 8),
                "same_label": round(float((scores[file].argmax(2) == torch_scores[file].argmax(2)).mean()), 5),
            },
        }
        if len(scores[file]) > 1:
            results[stem]["val_early"] = judged(scores[file][1], sets)
        _, labels, _ = sets["clean"]
        results[stem]["confusions"] = confusions(scores[file][0, 1 : 1 + len(labels)], labels)
        if stem.endswith("int8"):
            before, after = results[f"{name}-float32"]["val"], results[stem]["val"]
            results[stem]["float_minus_int8_points"] = {
                key: round(100 * (before[key]["accuracy"] - after[key]["accuracy"]), 2) for key in before
            }
        source = scores[file] if stem.endswith("int8") else torch_scores[file]
        answers[stem] = [round(float(v), 7) for v in source[0, 0]]
    order = [f"{name}-{kind}" for name in VARIANTS for kind in ("float32", "int8")]
    results, answers = ({stem: told[stem] for stem in order if stem in told} for told in (results, answers))
    with open(os.path.join(HERE, "results.json"), "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    os.makedirs(os.path.join(HERE, "reference"), exist_ok=True)
    text = {
        "waveform": {
            "samples": WINDOW, "rate": 16000,
            "formula": "x[n] = swell*(0.3*sin(2*pi*440*t) + 0.2*sin(2*pi*1234.5*t + 0.5) + 0.1*sin(2*pi*(300*t"
            " + 1000*t*t))) + 0.01*noise[n], with t = n/16000, swell = 0.5 - 0.5*cos(2*pi*n/24000), n = 0..23999;"
            " noise[n] = state/2147483648 - 1 after state = (1664525*state + 1013904223) mod 4294967296, done once"
            " for every n from 0 on, state starting at 12345. Double precision.",
            "first_samples": [float(v) for v in wave[:8]], "sum_of_squares": float((wave**2).sum()),
        },
        "labels": LABELS,
        "features": [[round(float(v), 6) for v in row] for row in golden],
        "scores_from": "float32: the PyTorch net; int8: onnxruntime-web, wasm, of the file",
        "scores": answers,
    }
    with open(os.path.join(HERE, "reference", "reference.json"), "w") as f:
        # One line for each row of numbers.
        row = lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]"
        f.write(re.sub(r"\[\s+(-?\d[^\[\]]*?)\s+\]", row, json.dumps(text, indent=1)) + "\n")
    for stem in (os.path.basename(file)[: -len(".onnx")] for file in files):
        r = results[stem]
        v = r["val"]
        print(stem, r["parameters"], r["macs"], "clean", v["clean"]["accuracy"], "keywords", v["clean"]["keyword_recall"],
              "distinct", v["clean"]["keyword_recall_distinct"]["recall"],
              "others", v["clean"]["other_to_keyword"], "10 dB", v["10 dB"]["keyword_recall"], "5 dB",
              v["5 dB"]["keyword_recall"], "silence", v["noise alone"]["accuracy"], r["onnx_against_torch"])


if __name__ == "__main__":
    main()
