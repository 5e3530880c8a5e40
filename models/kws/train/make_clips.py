"""Makes the demo clips by speech synthesis (espeak-ng and flite must be installed).

    python3 make_clips.py OUT --cache CACHE [--judge ds-cnn-64]

Every text is said by many voices at several speeds. For a keyword the two renderings from different voices that the
net scores highest are kept, for the other texts the first one. Each clip is 1.5 s, 16 kHz, 16 bit, peak at 0.5 of full
scale, over faint white noise.
"""
import argparse
import csv
import io
import os
import subprocess
import tempfile
import wave

import numpy as np
import torch

from kws_data import KEYWORDS, LABELS, RATE
from kws_features import WINDOW, mfcc
from train import trained

TEXTS = {k: k.replace("_", " ") for k in KEYWORDS}
OTHERS = ["hello", "banana", "good morning"]
VOICES = [("flite", v) for v in ("slt", "rms", "awb", "kal16")] + [
    ("espeak-ng", v)
    for v in ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-us+f2", "en-us+f3", "en-us+m3", "en-us+m7",
              "en-us+klatt", "en-us+klatt4", "en-us+Annie", "en-us+linda", "en-us+Andy", "en-us+Mike", "en-gb+f4",
              "en-gb+m4", "en-us+belinda", "en-us+michel", "en-us+steph2", "en-gb-x-rp+Alex")
]
PACES = (0.8, 0.9, 1.0, 1.12)  # of the synthesiser's own speed
FLOOR = 10 ** (-62 / 20)


def resample(x, rate):
    """To 16 kHz through the spectrum."""
    n = int(round(len(x) * RATE / rate))
    if n == len(x):
        return x
    spectrum = np.fft.rfft(x)
    size = n // 2 + 1
    kept = np.zeros(size, complex)
    kept[: min(size, len(spectrum))] = spectrum[: min(size, len(spectrum))]
    return np.fft.irfft(kept, n) * (n / len(x))


def say(text, synthesiser, voice, pace):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.wav")
        if synthesiser == "flite":
            command = ["flite", "-voice", voice, "--setf", f"duration_stretch={1 / pace:.3f}", "-t", text, "-o", path]
        else:
            command = ["espeak-ng", "-v", voice, "-s", str(int(165 * pace)), "-w", path, text]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with wave.open(path) as w:
            x = np.frombuffer(w.readframes(w.getnframes()), "<i2").astype(np.float64) / 32768
            return resample(x, w.getframerate())


def clip_of(x, seed):
    """The spoken part in the middle of 1.5 s, over white noise at -62 dBFS."""
    rng = np.random.default_rng(seed)
    loud = np.nonzero(np.abs(x) > 0.01 * np.abs(x).max())[0]
    x = x[loud[0] : loud[-1] + 1] * (0.5 / np.abs(x).max())
    x = x[:WINDOW]
    left = (WINDOW - len(x)) // 2
    out = rng.normal(0, FLOOR, WINDOW)
    out[left : left + len(x)] += x
    return np.round(np.clip(out, -1, 1) * 32767).astype("<i2")


def save(path, samples):
    body = io.BytesIO()
    with wave.open(body, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes(samples.tobytes())
    with open(path, "wb") as f:
        f.write(body.getvalue())


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out")
    p.add_argument("--cache", required=True)
    p.add_argument("--judge", default="ds-cnn-64")
    args = p.parse_args()
    torch.set_num_threads(1)
    net = trained(args.cache, args.judge)

    def scores(samples):
        with torch.no_grad():
            x = torch.tensor(mfcc(samples / 32768), dtype=torch.float32)[None, None]
            return torch.softmax(net(x)[0], 1)[0].numpy()

    os.makedirs(args.out, exist_ok=True)
    made = []

    def keep(file, label, samples, how):
        save(os.path.join(args.out, file), samples)
        made.append({"file": file, "label": label, "how": how, "licence": "CC0-1.0"})
        got = scores(samples)
        print(f"{file}: {LABELS[got.argmax()]} {got.max():.3f}, {label} {got[LABELS.index(label)]:.3f}")

    def spoken(text, synthesiser, voice, pace):
        speed = f"{pace:g} times the usual speed" if synthesiser == "flite" else f"{int(165 * pace)} words a minute"
        return f'"{text}", {synthesiser}, voice {voice}, {speed}; peak 0.5, white noise at -62 dBFS'

    for label, text in TEXTS.items():
        found = []
        for synthesiser, voice in VOICES:
            for pace in PACES:
                samples = clip_of(say(text, synthesiser, voice, pace), len(made))
                found.append((scores(samples)[LABELS.index(label)], synthesiser, voice, pace, samples))
        found.sort(key=lambda f: -f[0])
        first = found[0]
        second = next((f for f in found if f[1] != first[1] and f[0] > 0.6), None)
        second = second or next(f for f in found if f[2] != first[2])
        for number, (_, synthesiser, voice, pace, samples) in enumerate((first, second), 1):
            keep(f"{label.replace('_', '-')}-{number}.wav", label, samples, spoken(text, synthesiser, voice, pace))
    for number, text in enumerate(OTHERS):
        synthesiser, voice = VOICES[(number * 5) % len(VOICES)]
        samples = clip_of(say(text, synthesiser, voice, 1.0), 100 + number)
        keep(f"unknown-{text.replace(' ', '-')}.wav", "unknown", samples, spoken(text, synthesiser, voice, 1.0))
    rng = np.random.default_rng(200)
    quiet = np.round(rng.normal(0, FLOOR, WINDOW) * 32767).astype("<i2")
    keep("silence-1.wav", "silence", quiet, "white noise at -62 dBFS, from a generator")
    spectrum = np.fft.rfft(rng.normal(size=WINDOW)) / np.sqrt(np.maximum(np.arange(WINDOW // 2 + 1), 40))
    pink = np.fft.irfft(spectrum, WINDOW)
    pink = np.round(pink / pink.std() * 0.02 * 32767).astype("<i2")
    keep("silence-noise.wav", "silence", pink, "pink noise at -34 dBFS, from a generator")
    with open(os.path.join(args.out, "manifest.csv"), "w", newline="") as f:
        rows = csv.writer(f, lineterminator="\n")
        rows.writerow(["path", "label", "how", "licence"])
        rows.writerows([clip["file"], clip["label"], clip["how"], clip["licence"]] for clip in made)


if __name__ == "__main__":
    main()
