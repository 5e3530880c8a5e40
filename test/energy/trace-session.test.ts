import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { random } from '../../src/core/random.ts'
import { type EnergySession, estimateEnergy } from '../../src/energy/estimate.ts'
import { sessionFromTrace, type TraceEvidence } from '../../src/energy/trace-session.ts'
import type { SampleEvent } from '../../src/trace/samples.ts'
import { sharedPath } from '../support/shared.ts'
import { block } from '../trace/support.ts'
import { perfect } from './support.ts'

const options = { instrument: perfect, supplyKnown: true }

/** Events of a list of powers (null: lost) with a marker on channel 2 above 50 mW, in blocks of 100, from index 7 on. */
function sourceOf(powerW: readonly (number | null)[], sampleRateHz = 1000, size = 100) {
  async function* events(): AsyncGenerator<SampleEvent> {
    for (let at = 0; at < powerW.length; ) {
      if (powerW[at] === null) {
        yield { kind: 'gap', firstIndex: 7 + at, count: 1 }
        at++
        continue
      }
      let end = at
      while (end < powerW.length && powerW[end] !== null && end - at < size) end++
      const values = powerW.slice(at, end) as number[]
      yield block(
        7 + at,
        values,
        values.map((value) => (value > 0.05 ? 4 : 0)),
      )
      at = end
    }
  }
  return { sampleRateHz, events }
}

const next = random(4)
const noisy = (level: number, length: number) => Array.from({ length }, () => level * (1 + 0.01 * next.normal()))
/** Half a second idle, then four windows of one second with pauses. */
const trace = [...noisy(0.01, 500), ...[1, 2, 3, 4].flatMap(() => [...noisy(0.1, 1000), ...noisy(0.01, 500)])]

async function sessionOf(powerW: readonly (number | null)[], evidence: Partial<TraceEvidence>, size?: number) {
  const session = await sessionFromTrace(sourceOf(powerW, 1000, size), { inferences: 10, ...evidence }, options)
  if ('reason' in session) throw new Error(session.reason)
  return session
}

const borders = ({ windows }: EnergySession) => windows.map(({ place }) => [place.startIndex, place.endIndex])

describe('session of a recorded trace', () => {
  const expected = [0, 1, 2, 3].map((at) => [507 + 1500 * at, 1507 + 1500 * at])
  const laps = [0, 1, 2, 3].map((at) => ({ startS: 1 + 1.5 * at, endS: 2 + 1.5 * at, inferences: 10 }))
  const points = [
    { deviceS: 0.5, index: 7, uncertaintyS: 0.001 },
    { deviceS: 7, index: 6507, uncertaintyS: 0.001 },
  ] as const

  it.each<[string, Partial<TraceEvidence>]>([
    ['marker edges', { channel: 2 }],
    ['event line', { eventIndexes: [10, ...expected.flat()] }],
    ['device laps', { laps: { laps, points } }],
    ['found steps', { steps: {} }],
  ])('finds its windows by %s', async (method, evidence) => {
    const session = await sessionOf(trace, evidence)
    expect(session.windows.map(({ place }) => place.method)).toEqual(Array(4).fill(method))
    borders(session)
      .flat()
      .forEach((border, at) => {
        expect(Math.abs(border - expected.flat()[at]!)).toBeLessThanOrEqual(1)
      })
    const { verdict, gross, net } = estimateEnergy(session)
    expect(verdict).toBe('complete')
    expect(gross!.valueJ).toBeCloseTo(0.01, 4)
    expect(net!.valueJ).toBeCloseTo(0.009, 4)
  })

  it('takes the most trusted evidence, and gives every reason where none leads anywhere', async () => {
    const session = await sessionOf(trace, { channel: 3, eventIndexes: expected.flat(), steps: {} })
    expect(session.windows[0]!.place.method).toBe('event line')
    const flat = await sessionFromTrace(sourceOf(noisy(0.01, 500)), { inferences: 1, channel: 2, steps: {} }, options)
    expect(flat).toMatchObject({ reason: expect.stringMatching(/^marker edges: .*; found steps: /) })
    const nothing = await sessionFromTrace(sourceOf(trace), { inferences: 1 }, options)
    expect(nothing).toEqual({ reason: 'nothing to line windows up by' })
  })

  it('does not depend on how the samples are cut into blocks', async () => {
    const [small, large] = [await sessionOf(trace, { channel: 2 }, 3), await sessionOf(trace, { channel: 2 }, 1e9)]
    expect(estimateEnergy(small)).toEqual(estimateEnergy(large))
  })

  it('counts what is missing, in windows and in the uncertainty of an edge', async () => {
    const inside = await sessionOf(trace.with(800, null as never), { channel: 2 })
    expect(estimateEnergy(inside)).toMatchObject({ verdict: 'lower bound' })
    const atEdge = await sessionOf(trace.with(499, null as never), { channel: 2 })
    expect(atEdge.windows[0]!.place.edgeUncertaintyS).toBeCloseTo(0.0015, 9)
    expect(estimateEnergy(atEdge).verdict).toBe('complete')
  })

  it('of a long window takes memory that does not depend on its length', async () => {
    const [samples, size] = [10_000_000, 65_536]
    const powerW = new Float32Array(size).fill(0.25)
    const digital = new Uint8Array(size)
    const heldBytes = () => process.memoryUsage().arrayBuffers
    const before = heldBytes()
    let most = 0
    async function* events(): AsyncGenerator<SampleEvent> {
      for (let at = 0; at < samples; at += size) {
        yield { kind: 'samples', firstIndex: at, powerW, digital, raw: new Uint8Array(0), arrivalS: 0 }
        most = Math.max(most, heldBytes() - before)
      }
    }
    const evidence = { inferences: 1, eventIndexes: [2_000_000, 9_500_000] }
    const session = await sessionFromTrace({ sampleRateHz: 100_000, events }, evidence, options)
    if ('reason' in session) throw new Error(session.reason)
    expect(session.windows[0]!.energy).toMatchObject({ energyJ: 0.25 * 75, verdict: 'complete' })
    // Twenty seconds of idle at 17 bytes a sample; the window alone would take 128 MB.
    expect(most / 2 ** 20).toBeLessThan(60)
  })

  it('refuses a channel that changes without end', async () => {
    const size = 65_536
    const digital = Uint8Array.from({ length: size }, (_, at) => at & 1)
    const powerW = new Float32Array(size)
    async function* events(): AsyncGenerator<SampleEvent> {
      for (let at = 0; at < 4 * size; at += size)
        yield { kind: 'samples', firstIndex: at, powerW, digital, raw: new Uint8Array(0), arrivalS: 0 }
    }
    const session = await sessionFromTrace({ sampleRateHz: 100_000, events }, { inferences: 1, channel: 0 }, options)
    expect(session).toEqual({ reason: 'marker edges: digital channel 0 changes more than 200000 times' })
  })

  it('has no idle level where the windows reach to the ends', async () => {
    const session = await sessionOf(trace.slice(495, 1505), { eventIndexes: [12, 1012] })
    expect([session.idleBefore, session.idleAfter]).toEqual([null, null])
  })
})

/** A public trace of the EEMBC runner: 0xF1, rate, then µJ of each sample; times of the events; what was published. */
function published(folder: string) {
  const bytes = readFileSync(join(folder, 'trace1-energy.bin'))
  const rate = bytes.readFloatLE(1)
  const powerW = Float32Array.from(
    { length: (bytes.length - 5) >> 2 },
    (_, at) => bytes.readFloatLE(5 + 4 * at) * 1e-6 * rate,
  )
  const times: readonly number[] = JSON.parse(readFileSync(join(folder, 'trace1-timestamps.json'), 'utf8'))
  const text = readFileSync(join(folder, 'results.txt'), 'utf8')
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => Number(match[1]))
  return {
    source: {
      sampleRateHz: rate,
      events: async function* (): AsyncGenerator<SampleEvent> {
        const digital = new Uint8Array(powerW.length)
        yield { kind: 'samples', firstIndex: 0, powerW, digital, raw: new Uint8Array(0), arrivalS: 0 }
      },
    },
    eventIndexes: times.map((timeS) => Math.round(timeS * rate)),
    inferences: all(/# Inferences\s*:\s*(\d+)/g)[0] ?? 1,
    energiesUj: all(/Energy\s*:\s*([\d.]+) uJ/g),
    medianUj: all(/Median energy cost is ([\d.]+) uJ/g)[0],
  }
}

const root = sharedPath('data', 'mlperf-tiny', 'traces', 'v1.2')
const folders = root ? readdirSync(root).filter((name) => existsSync(join(root, name, 'trace1-energy.bin'))) : []

describe.skipIf(folders.length === 0)('session of a published trace (needs the MLPerf Tiny traces)', () => {
  it.each(folders)('%s: windows and median as published, with an interval', async (name) => {
    const { source, energiesUj, medianUj, ...evidence } = published(join(root!, name))
    const session = await sessionFromTrace(source, evidence, options)
    if ('reason' in session) throw new Error(session.reason)
    expect(session.windows).toHaveLength(energiesUj.length)
    for (const [at, { energy }] of session.windows.entries())
      expect(Math.abs(energy.energyJ / (energiesUj[at]! * 1e-6) - 1)).toBeLessThan(1e-3)
    const estimate = estimateEnergy(session)
    expect(estimate.verdict).toBe('complete')
    if (medianUj) expect(estimate.medianEnergyPerInferenceJ / (medianUj * 1e-6)).toBeCloseTo(1, 3)
    const { valueJ, intervalJ } = estimate.gross!
    expect(intervalJ![1] / valueJ - 1).toBeLessThan(0.02)
  })

  it('finds the same by steps in the power alone, or refuses', async () => {
    let found = 0
    for (const name of folders) {
      const { source, eventIndexes, inferences } = published(join(root!, name))
      const marked = await sessionFromTrace(source, { inferences, eventIndexes }, options)
      const durationS = (eventIndexes.at(-1)! - eventIndexes.at(-2)!) / source.sampleRateHz
      const stepped = await sessionFromTrace(source, { inferences, steps: { leastS: 1, durationS } }, options)
      if ('reason' in marked) throw new Error(marked.reason)
      if ('reason' in stepped) continue
      found++
      const ratio = estimateEnergy(stepped).gross!.valueJ / estimateEnergy(marked).gross!.valueJ
      expect(Math.abs(ratio - 1), name).toBeLessThan(5e-4)
    }
    expect(found).toBeGreaterThan(folders.length / 2)
  })
})
