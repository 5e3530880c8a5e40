import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import type { Backend, Executable } from '../../src/backends/backend.ts'
import { compiled } from '../../src/backends/compiled.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { openMeter } from '../../src/meters/list.ts'
import type { Meter } from '../../src/meters/meter.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const model = resolve(import.meta.dirname, '../../models/kws/ds-cnn-16-int8.onnx')
const host = testHost(temporaryFolder())

/** An engine whose runs an emulator times, as those of an emulated board. */
const emulator: Backend = {
  ...compiled,
  name: 'emulator',
  prepare: async (segment, device, on): Promise<Executable> => {
    const real = await compiled.prepare(segment, device, on)
    let inputs: Parameters<Executable['run']>[0] = {}
    const remote: NonNullable<Executable['remote']> = {
      isEmulated: true,
      load: async (given) => {
        inputs = given
      },
      run: async (iterations) => {
        for (let run = 0; run < iterations; run++) await real.run(inputs)
        return 1e-3
      },
      read: () => real.run(inputs),
      profile: () => Promise.reject(new Error('not asked for')),
    }
    return { ...real, remote }
  },
}

/** A meter whose figures have this provenance, without a wire to this process. */
async function meterOf(provenance: 'measured' | 'emulated'): Promise<Meter> {
  const meter = await openMeter(host, 'emulated', {})
  return {
    info: { ...meter.info, provenance },
    get counts() {
      return meter.counts
    },
    samples: (signal) => meter.samples(signal),
    close: () => meter.close(),
    [Symbol.asyncDispose]: () => meter.close(),
  }
}

it.each([
  ['measured', null],
  ['emulated', 'emulated'],
] as const)(
  'a board in an emulator has no energy of a meter that is %s, unless that is emulated too',
  async (given, told) => {
    await using runtime = await openRuntimeOn(host, { backends: [emulator], meter: await meterOf(given) })
    await using loaded = await runtime.load(model)
    const { cost } = await loaded.measure(new Float32Array(740), { repeats: 300 })
    expect(cost.provenance).toBe(told)
    expect(cost.energyJ === null).toBe(told === null)
    expect(loaded.plan.candidates.map(({ provenance }) => provenance)).toEqual([told])
  },
)
