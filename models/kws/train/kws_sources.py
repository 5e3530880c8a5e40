"""The training clips, and dry examples drawn from them: what is said, where in the window, before any room or noise."""
from dataclasses import dataclass

import numpy as np

from kws_data import KEYWORDS, RATE, SILENCE, UNKNOWN
from kws_features import distinct

KNOTS_HZ = 60 * (8000 / 60) ** (np.arange(9) / 8)  # where equalisers and long-term spectra are given


def decibel(x):
    return 10 ** (x / 20)


def stretch(x, factor):
    """Plays faster (and higher) by a factor."""
    n = int(len(x) / factor)
    return np.interp(np.arange(n) * factor, np.arange(len(x)), x).astype(np.float32)


def frame_powers(x):
    """[frames, 257] power spectra of frames of 512 samples, and whether each holds more than digital silence."""
    frames = x[: len(x) // 512 * 512].reshape(-1, 512)
    return np.abs(np.fft.rfft(frames * np.hanning(512))) ** 2, (frames**2).mean(axis=1) > 1e-9


def loud_level(x):
    """Root mean square over the louder half of the 10 ms frames that are not digital silence."""
    frames = x[: len(x) // 160 * 160].reshape(-1, 160)
    energy = np.sort((frames**2).mean(axis=1))
    energy = energy[energy > 1e-10]
    return float(np.sqrt(energy[len(energy) // 2 :].mean())) if len(energy) else 0.0


def pause(x, start, end, gap):
    """Holds the breath for `gap` samples at the faintest moment in the middle of a word. Samples, new end of the word."""
    third = (end - start) // 4
    middle = x[start + third : end - third]
    energy = np.convolve(middle**2, np.ones(320), "same")
    at = start + third + int(np.argmin(energy))
    fade = np.linspace(1, 0, 80, dtype=np.float32)
    head, tail = x[:at].copy(), x[at:].copy()
    head[-80:] *= fade
    tail[:80] *= fade[::-1]
    return np.concatenate([head, np.zeros(gap, np.float32), tail]), end + gap


def put(out, x, at):
    """Adds x to out from sample `at` on, cut at both ends. Says which samples it reached."""
    first, last = max(at, 0), min(at + len(x), len(out))
    if last > first:
        out[first:last] += x[first - at : last - at]
    return max(min(first, len(out)), 0), max(min(last, len(out)), 0)


def shaped_noise(rng, length, amplitude):
    """Noise with these amplitudes over frequency (any even spacing from 0 to 8 kHz). Root mean square 1."""
    spectrum = np.fft.rfft(rng.normal(size=length))
    spectrum *= np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, len(amplitude)), amplitude)
    x = np.fft.irfft(spectrum, length)
    return (x / x.std()).astype(np.float32)


def tilted(tilt):
    """Amplitudes of noise whose power falls with frequency to the power `tilt`."""
    return np.maximum(np.arange(8001), 15) ** (-tilt / 2)


def hum(rng, length):
    """The mains: harmonics of 50 or 60 Hz, fainter and fainter, over a little hiss. Root mean square 1."""
    base, x = rng.choice([50, 60]), rng.normal(size=length) * 0.1
    for k in range(1, 30):
        x += np.sin(2 * np.pi * (base * k * np.arange(length) / RATE + rng.random())) * rng.random() / k ** rng.uniform(0.3, 1.5)
    return (x / x.std()).astype(np.float32)


@dataclass
class Dry:
    samples: np.ndarray
    label: int
    spoken: tuple  # first and last sample of the speech that counts
    recorded: tuple  # span of the recording, zeros beyond
    collection: str  # of the recording that matters


class Sources:
    """The training clips by kind, and picking from them with `rng`; words of every collection equally often if `even`."""

    def __init__(self, clips):
        self.rng, self.even = np.random.default_rng(0), False
        train = [c for c in clips if c.split == "train"]
        self.keywords = [self.by_speaker([c for c in train if c.label == k]) for k in range(len(KEYWORDS))]
        self.kinds = {k: [c for c in train if c.kind == k] for k in ("word", "speech", "synth")}
        self.words = {}
        for c in self.kinds["word"]:
            self.words.setdefault(c.collection, []).append(c)
        self.noises = [c.floats() for c in train if c.kind == "noise"]
        self.spectra = self.long_term_spectra([c for c in train if c.kind in ("keyword", "word", "speech")])
        colours = np.random.default_rng(1)
        self.floors = [shaped_noise(colours, 60000, tilted(tilt)) for tilt in np.linspace(-0.3, 2.0, 40)]
        self.floors += [hum(colours, 60000) for _ in range(16)]
        self.floors += [shaped_noise(colours, 60000, a) for a in self.quiet_spectra(self.kinds["word"] + self.kinds["speech"])]

    @staticmethod
    def by_speaker(clips):
        """speaker -> recordings -> copies: the pack holds some recordings up to 20 times, some speakers 100 times."""
        people = {}
        for c, number in zip(clips, distinct(clips)):
            people.setdefault(c.speaker, {}).setdefault(number, []).append(c)
        return [list(recordings.values()) for recordings in people.values()]

    @staticmethod
    def long_term_spectra(clips):
        """collection -> [clips, 9] level in decibels around every knot, of the louder half of the frames."""
        hz, found = np.linspace(0, 8000, 257), {}
        near = np.exp(-(((np.log2(np.maximum(hz, 20))[:, None] - np.log2(KNOTS_HZ)) / 0.4) ** 2))
        near /= near.sum(axis=0)
        for c in clips:
            power, live = frame_powers(c.floats())
            power = power[live]
            if len(power) >= 4:
                loud = power[np.argsort(power.sum(axis=1))[len(power) // 2 :]].mean(axis=0)
                found.setdefault(c.collection, []).append(10 * np.log10(loud @ near + 1e-12))
        return {k: np.array(v) for k, v in found.items()}

    @staticmethod
    def quiet_spectra(clips, wanted=160):
        """Amplitudes of the background in recordings that have one: their quietest frames, if far below the speech."""
        found = []
        for c in clips[:: max(1, len(clips) // (3 * wanted))]:
            power, live = frame_powers(c.floats())
            if not live.all() or len(power) < 12:
                continue
            order = np.argsort(power.sum(axis=1))
            quiet, loud = power[order[: len(order) // 6]].mean(axis=0), power[order[-len(order) // 6 :]].mean(axis=0)
            if loud.sum() > 30 * quiet.sum():
                found.append(np.sqrt(np.convolve(quiet, np.ones(5) / 5, "same")))
        return found[:wanted]

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

    def keyword(self, label, longest=1e9):
        """A keyword clip at a random speed: samples, first and last sample of the word, collection.

        Half the time every speaker is as likely as another, half the time every recording."""
        people = self.keywords[label]
        if self.chance(0.5):
            clip = self.pick(self.pick(self.pick(people)))
        else:
            clip = self.pick(self.pick([r for recordings in people for r in recordings]))
        factor = max(np.exp(self.uniform(np.log(0.85), np.log(1.2))), (clip.end - clip.start) / longest)
        return stretch(clip.floats(), factor), int(clip.start / factor), int(clip.end / factor), clip.collection

    def other(self, kind):
        """A clip of the words, speech or synthesised words."""
        if kind == "word" and self.even:
            return self.pick(self.words[self.pick(sorted(self.words))])
        return self.pick(self.kinds[kind])

    def other_chain(self, collection):
        """[9] gains in decibels that give a recording of one collection the long-term spectrum of some of another."""
        names = [k for k in self.spectra if k != collection]
        target = self.spectra[names[self.rng.integers(len(names))]]
        target = target[self.rng.integers(len(target), size=5)].mean(axis=0)
        gains = target - self.spectra.get(collection, target[None]).mean(axis=0)
        return np.clip((gains - gains[2:7].mean()) * self.uniform(0.4, 1.1), -24, 18)


def draw_keyword(src, length):
    out, rng = np.zeros(length, np.float32), src.rng
    label = int(rng.integers(len(KEYWORDS)))
    x, start, end, collection = src.keyword(label, length)
    if src.chance(0.5):  # less of the surroundings, as in other collections
        cut = max(0, start - int(src.uniform(0, 0.44) * RATE))
        x, start, end = x[cut : end + int(src.uniform(0.02, 0.44) * RATE)], start - cut, end - cut
    room = length - (end - start)
    if "_" in KEYWORDS[label] and room > 640 and src.chance(0.3):  # two words: some people say them one by one
        x, end = pause(x, start, end, int(src.uniform(320, min(5200, room))))
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
            put(out, other[rng.integers(max(1, len(other) - 8000)) :], spoken[1] + gap)
        span = (0, length)
    return Dry(out, label, spoken, span, collection)


def draw_part(src, length):
    """A keyword of which less than half is heard: the rest is outside the window, or was never said."""
    out = np.zeros(length, np.float32)
    x, start, end, collection = src.keyword(int(src.rng.integers(len(KEYWORDS))), length)
    if src.chance(0.6):
        seen = int((end - start) * src.uniform(0.0, 0.48))
        span = put(out, x, length - seen - start if src.chance(0.5) else seen - end)
    else:
        middle = start + int((end - start) * src.uniform(0.3, 0.5 if src.chance(0.5) else 0.4))
        x = x[:middle].copy() if src.chance(0.5) else x[end - (middle - start) :].copy()
        fade = np.minimum(1, np.minimum(np.arange(len(x)), np.arange(len(x))[::-1]) / 240)
        span = put(out, (x * fade).astype(np.float32), int(src.rng.integers(max(1, length - len(x)))))
    return Dry(out, UNKNOWN, span, (0, length) if src.chance(0.5) else span, collection)


def draw_join(src, length):
    """The head of one keyword and the tail of another, or one half twice."""
    out, rng = np.zeros(length, np.float32), src.rng
    one, two = rng.choice(len(KEYWORDS), 2, replace=False)
    x, start, end, collection = src.keyword(int(one))
    share = src.uniform(0.3, 0.52)
    head = x[: start + int((end - start) * share)]
    if src.chance(0.2):
        tail = x[start : start + int((end - start) * share)]
    else:
        y, start, end, _ = src.keyword(int(two))
        tail = y[end - int((end - start) * src.uniform(0.3, 0.52)) :]
        tail = tail * (loud_level(head) / max(loud_level(tail), 1e-6))
    x = np.concatenate([head, np.zeros(int(src.uniform(0, 0.1) * RATE), np.float32), tail])
    span = put(out, x, rng.integers(min(0, length - len(x)), max(0, length - len(x)) + 1))
    return Dry(out, UNKNOWN, span, span, collection)


def draw_other(src, kind, length):
    out, rng = np.zeros(length, np.float32), src.rng
    clip = src.other(kind)
    x = stretch(clip.floats(), src.uniform(0.84, 1.18))
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
        span = (0, length)
    return Dry(out, UNKNOWN, span, span, clip.collection)


def draw(src, kind, length):
    """One dry example of `length` samples."""
    if kind == "silence":
        return Dry(np.zeros(length, np.float32), SILENCE, (0, length), (0, length), "none")
    special = {"keyword": draw_keyword, "part": draw_part, "join": draw_join}
    return special[kind](src, length) if kind in special else draw_other(src, kind, length)
