import type { EmulatedLoad } from '../emulation/load.ts'
import { toWord } from './decode.ts'
import type { EmulatedConverter } from './emulated-converter.ts'
import type { EmulatorFaults } from './emulator-options.ts'
import { sampleRateHz } from './stream.ts'

/** Makes the bytes of one stream, sample by sample. */
export interface EmulatedSampler {
  /** Bytes of all samples that were taken before `timeS` and not made yet. */
  until(timeS: number): Uint8Array
  /** Leaves out the next samples. */
  lose(count: number): void
}

/**
 * Starts a stream at `startS`: sample n point-samples the load at startS + n/rate. Every fault at stream
 * time t takes effect with sample round(t·rate).
 */
export function createEmulatedSampler(
  startS: number,
  load: EmulatedLoad,
  converter: EmulatedConverter,
  faults: EmulatorFaults,
  random: () => number,
): EmulatedSampler {
  const indexOf = (atS: number) => Math.round(atS * sampleRateHz)
  const losses = [...(faults.lose ?? [])].sort((a, b) => a.atS - b.atS)
  const garbage = [...(faults.garbage ?? [])].sort((a, b) => a.atS - b.atS)
  const bad = faults.badRange
  let made = 0
  let state = 0
  let losing = 0

  const wordAt = (index: number) => {
    const timeS = startS + index / sampleRateHz
    state = load.stateIndexAt(timeS, state)
    const now = load.stateAt(state)
    const code = converter.convert(load.currentA(timeS, now))
    const isBad = bad && index >= indexOf(bad.atS) && index < indexOf(bad.atS) + bad.count
    return toWord(code, isBad ? bad.range : code >>> 14, index, now.digital)
  }

  return {
    lose: (count) => {
      losing += count
    },
    until: (timeS) => {
      // A hair of tolerance: clock readings around 10⁹ s are rounded to 0.2 µs.
      const end = Math.floor((timeS - startS) * sampleRateHz + 0.05)
      const extra = garbage.reduce((sum, fault) => sum + fault.bytes, 0)
      const bytes = new Uint8Array(Math.max(end - made, 0) * 4 + extra)
      const view = new DataView(bytes.buffer)
      let length = 0
      for (; made < end; made++) {
        while (losses[0] && made >= indexOf(losses[0].atS)) losing += losses.shift()!.count
        while (garbage[0] && made >= indexOf(garbage[0].atS)) {
          for (let left = garbage.shift()!.bytes; left > 0; left--) bytes[length++] = random() & 255
        }
        const word = wordAt(made)
        if (losing > 0) {
          losing--
          continue
        }
        view.setUint32(length, word, true)
        length += 4
      }
      return bytes.subarray(0, length)
    },
  }
}
