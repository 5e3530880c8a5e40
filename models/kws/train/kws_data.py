"""Reads the audio pack: a folder with manifest.csv and 16 kHz mono FLAC files.

Clips are decoded once (by the `flac` command line tool) and kept in one .npz in a cache folder.
"""
import csv
import os
import subprocess
from dataclasses import dataclass

import numpy as np

RATE = 16000
LABELS = ["alexa", "computer", "jarvis", "smart_mirror", "snowboy", "view_glass", "unknown", "silence"]
KEYWORDS = LABELS[:-2]
UNKNOWN, SILENCE = len(LABELS) - 2, len(LABELS) - 1

# Kept out of training, for the noise tests on the val clips. One of each sort: talk and cups, rain, motor,
# keys, music, tap water.
VAL_NOISE = ["bl-coffee-shop", "fs-rain", "fs-car-engine", "fs-typing", "mu-kevin-macleod", "sc-running-tap"]


@dataclass
class Clip:
    path: str
    split: str
    kind: str  # keyword, word, speech, synth, noise
    label: int
    start: int  # first sample of the keyword (whole clip for other kinds)
    end: int
    audio: np.ndarray  # int16
    speaker: str = ""
    collection: str = ""  # recordings that went through one chain

    def floats(self):
        return self.audio.astype(np.float32) / 32768


def decode(path):
    """16 kHz mono 16 bit samples of a FLAC file."""
    raw = subprocess.run(
        ["flac", "-s", "-d", "-c", "--force-raw-format", "--endian=little", "--sign=signed", path],
        check=True, stdout=subprocess.PIPE,
    ).stdout
    return np.frombuffer(raw, dtype="<i2")


def collection(row):
    folder = row["path"].split("/")[0]
    return "crowd" if folder == "speech_pv" or (row["kind"] == "keyword" and folder != "alexa") else folder


def load(data, cache):
    """Every clip of the manifest, in its order. Noise files named in VAL_NOISE get the split 'val'."""
    with open(os.path.join(data, "manifest.csv"), newline="") as f:
        rows = list(csv.DictReader(f))
    os.makedirs(cache, exist_ok=True)
    packed = os.path.join(cache, "pcm.npz")
    if not os.path.exists(packed):
        parts = [decode(os.path.join(data, row["path"])) for row in rows]
        np.savez(packed, samples=np.concatenate(parts), lengths=np.array([len(p) for p in parts]))
    with np.load(packed) as z:
        samples, lengths = z["samples"], z["lengths"]
    assert len(lengths) == len(rows), "the cache belongs to another manifest: remove it"
    ends = np.cumsum(lengths)
    clips = []
    for row, end, length in zip(rows, ends, lengths):
        kind, label, split = row["kind"], UNKNOWN, row["split"]
        start, stop = 0, int(length)
        if kind == "keyword":
            label = LABELS.index(row["label"])
            start, stop = int(float(row["kw_start"]) * RATE), min(stop, int(float(row["kw_end"]) * RATE))
        elif kind == "noise":
            label = SILENCE
            if any(os.path.basename(row["path"]).startswith(name) for name in VAL_NOISE):
                split = "val"
        clips.append(Clip(row["path"], split, kind, label, start, stop, samples[end - length : end],
                          row["speaker"], collection(row)))
    return clips


def clip_to_window(x, length=24000):
    """The one window of a whole clip that is judged: the loudest 1.5 s, or the clip centred in zeros."""
    n = len(x)
    if n <= length:
        out = np.zeros(length, np.float32)
        left = (length - n) // 2
        out[left : left + n] = x
        return out, left
    frames, width = n // 160, length // 160
    energy = (x[: frames * 160].astype(np.float64).reshape(frames, 160) ** 2).sum(axis=1)
    total = np.concatenate([[0.0], np.cumsum(energy)])
    sums = total[width:] - total[:-width]
    starts = np.nonzero(sums >= 0.995 * sums.max())[0]
    start = 160 * int(np.floor(starts.mean()))
    return x[start : start + length].astype(np.float32), -start
