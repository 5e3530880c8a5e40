import fc from 'fast-check'
import { isMilliwattError, MilliwattError } from '../../../src/core/errors.ts'
import type { HostFiles } from '../../../src/core/host.ts'
import { memoryFiles } from '../../../src/hosts/fake-files.ts'
import type { OpenedTrace, ReadOptions } from '../../../src/trace/formats/format.ts'
import { openTrace } from '../../../src/trace/formats/list.ts'
import { type InspectOptions, inspectTrace, type TraceInspection } from '../../../src/trace/inspect.ts'
import { testDecoder } from '../support.ts'

/** Raw layouts of these tests. */
export const decoders: ReadOptions['decoders'] = { test: testDecoder }

/** Opens and inspects a trace. */
export async function inspectIn(
  files: HostFiles,
  path: string,
  options: Partial<ReadOptions> & InspectOptions & { readonly format?: string } = {},
): Promise<TraceInspection> {
  await using trace = await openTrace(files, path, { decoders, ...options }, options.format)
  return (await inspectTrace(trace, options)).inspection
}

/** All samples of a trace on its grid; NaN where one was lost (`lost` tells) or invalid. */
export async function allSamples(trace: OpenedTrace) {
  const powerW: number[] = []
  const digital: number[] = []
  const lost: number[] = []
  let first = Number.NaN
  for await (const event of trace.events()) {
    if (Number.isNaN(first)) first = event.firstIndex
    const end = event.firstIndex - first + (event.kind === 'gap' ? event.count : 0)
    if (end > 1e6) throw new MilliwattError('TRACE_INVALID', 'test', 'A gap too long for an array.')
    while (powerW.length < end) {
      lost.push(powerW.length)
      powerW.push(Number.NaN)
      digital.push(0)
    }
    if (event.kind === 'samples') {
      powerW.push(...event.powerW)
      digital.push(...event.digital)
    }
  }
  return { first, powerW, digital, lost }
}

/** All samples, or null when the file is refused; any other failure fails the test. */
export async function readOrRefuse(files: HostFiles, path: string, name?: string) {
  try {
    await using trace = await openTrace(files, path, { decoders, supplyV: 3.3 }, name)
    return await allSamples(trace)
  } catch (error) {
    if (isMilliwattError(error)) return null
    throw error
  }
}

/** More runs than this find nothing new in a test's time; a longer hunt sets the number. */
export const fuzzRuns: number = Number(process.env.MILLIWATT_FUZZ_RUNS ?? 60)

/** Reads a file again and again with some of its bytes changed, removed or doubled: each time it is refused or read. */
export async function readDamaged(content: Readonly<Record<string, Uint8Array>>, path: string, at: string) {
  const whole = content[at]!
  const change = fc.record({ place: fc.nat(whole.length - 1), kind: fc.nat(2), value: fc.nat(255) })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
      const bytes = [...whole]
      for (const { place, kind, value } of changes) {
        if (kind === 0) bytes[place] = value
        else bytes.splice(place, kind === 1 ? 1 + (value % 9) : 0, ...(kind === 1 ? [] : bytes.slice(place, place + 9)))
      }
      await readOrRefuse(filesOf({ ...content, [at]: Uint8Array.from(bytes) }), path)
    }),
    { numRuns: 2 * fuzzRuns },
  )
}

/** Bytes of `…-energy.bin`. @param energiesUj one a sample */
export function energyBin(energiesUj: readonly number[], sampleRateHz = 1000): Uint8Array {
  const bytes = new Uint8Array(5 + 4 * energiesUj.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = 0xf1
  view.setFloat32(1, sampleRateHz, true)
  energiesUj.forEach((value, at) => {
    view.setFloat32(5 + 4 * at, value, true)
  })
  return bytes
}

/** Files in memory. */
export const filesOf = (content: Readonly<Record<string, string | Uint8Array>>): HostFiles => memoryFiles(content)
