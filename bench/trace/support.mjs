// A capture as a PPK2 makes it: quantised codes with noise, range switches, a marker line and now and then a gap.

import { nodeHost } from '../../dist/hosts/node.js'
import { toWord } from '../../dist/meters/ppk2/decode.js'
import { rawDecoders } from '../../dist/meters/raw-decoders.js'
import { openCapture } from '../../dist/trace/capture.js'

/** Samples between two moments at which the recording waits for the disk. */
const flushSamples = 1 << 20

/** Uniform pseudo-random integers (xorshift32), the same on every machine. */
function randomIntegers(seed) {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/**
 * Records so many samples to `<base>.raw`, block by block, with a gap after every `gapEvery` blocks and, where
 * `markEveryS` is given, a stated window of half that length as often.
 */
export async function recordPpk2Like(
  base,
  samples,
  { blockSamples = 16_384, gapEvery = 64, gapSamples = 7, markEveryS = 0, seed = 1 } = {},
) {
  const { files, clock } = nodeHost()
  const sidecar = { meter: { driver: 'bench', calibration: { regulatorMv: 3300 } }, supplyV: 3.3 }
  const capture = await openCapture({
    files,
    clock,
    base,
    ...sidecar,
    rawFormat: 'ppk2-u32le',
    sampleRateHz: 100_000,
    provenance: 'emulated',
  })
  const { decode } = rawDecoders['ppk2-u32le']
  const random = randomIntegers(seed)
  const markSamples = markEveryS * 100_000
  let index = 0
  let flushAt = flushSamples
  let markAt = markSamples
  for (let done = 0, blocks = 1; done < samples; done += blockSamples, blocks++) {
    const words = new Uint32Array(Math.min(blockSamples, samples - done))
    for (let at = 0; at < words.length; at++) {
      // An inference of 20 ms every 50 ms, with ripple; the sum of four uniform numbers is nearly normal.
      const phase = (index + at) % 5000
      const noise = ((random() & 255) + (random() & 255) + (random() & 255) + (random() & 255) - 510) / 120
      const active = phase < 2000
      const code = active ? 900 + 60 * Math.sin(phase / 40) + noise : 2400 + noise
      words[at] = toWord(Math.round(code), active ? 3 : 2, (index + at) & 63, active ? 1 : 0)
    }
    const raw = new Uint8Array(words.buffer)
    capture.push({
      kind: 'samples',
      firstIndex: index,
      ...decode(raw, sidecar),
      raw,
      arrivalS: (index + words.length) / 1e5,
    })
    index += words.length
    if (markSamples > 0 && index >= markAt) {
      const window = { label: `window ${markAt / markSamples}`, method: 'marker edges', inferences: 100 }
      capture.mark({ ...window, startIndex: markAt - markSamples / 2, endIndex: markAt })
      markAt += markSamples
    }
    if (blocks % gapEvery === 0) {
      capture.push({ kind: 'gap', firstIndex: index, count: gapSamples })
      index += gapSamples
    }
    if (done >= flushAt) {
      await capture.flush()
      flushAt += flushSamples
    }
  }
  await capture.close()
  if (capture.problem) throw capture.problem
  return capture.rawPath
}
