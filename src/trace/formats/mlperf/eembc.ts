import { MilliwattError, messageOf } from '../../../core/errors.ts'
import type { FileReader, HostFiles } from '../../../core/host.ts'
import type { SampleEvent } from '../../samples.ts'
import type { OpenedTrace, TraceFacts } from '../format.ts'
import type { RunFiles } from './locate.ts'
import { type LogFacts, readLog, readResultsText } from './results-text.ts'
import { runnerWindows } from './runner-windows.ts'

/** Length of the head: the byte F1, then the sample rate as float32 LE. */
const headBytes = 5
const blockSamples = 65_536
/** A list of edges or a log longer than this is none. */
const longestText = 32 * 1024 * 1024

async function textOf(files: HostFiles, path: string | null): Promise<string> {
  if (path === null) return ''
  const stat = await files.stat(path)
  if (!stat || stat.sizeBytes > longestText) return ''
  return files.readText(path).catch(() => '')
}

function readEdges(text: string, path: string): readonly number[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new MilliwattError('TRACE_INVALID', path, `It is not whole JSON: ${messageOf(error)}.`, error)
  }
  const isEdge = (edge: unknown) => typeof edge === 'number' && edge >= 0 && edge < 1e7
  if (Array.isArray(value) && value.every(isEdge)) return [...(value as number[])].sort((a, b) => a - b)
  throw new MilliwattError('TRACE_INVALID', path, 'It must be a list of times in seconds.')
}

/** Reads the head of `…-energy.bin`. @throws MilliwattError TRACE_INVALID */
async function readRate(reader: FileReader, path: string): Promise<number> {
  const head = await reader.read(0, headBytes)
  if (head[0] !== 0xf1 || head.length < headBytes) {
    throw new MilliwattError('TRACE_INVALID', path, 'It does not begin with F1 and a sample rate.')
  }
  const rate = new DataView(head.buffer, head.byteOffset).getFloat32(1, true)
  if (rate >= 1 && rate <= 10e6) return rate
  throw new MilliwattError('TRACE_INVALID', path, `Its sample rate of ${rate} Hz cannot be right.`)
}

/** Opens what the EEMBC runner (rounds 0.5 to 1.2) recorded: energy of each sample in microjoules. */
export async function openEembcRun(files: HostFiles, run: RunFiles): Promise<OpenedTrace> {
  const path = run.bin!
  const reader = await files.open(path)
  try {
    const sampleRateHz = await readRate(reader, path)
    const sampleCount = Math.floor((reader.sizeBytes - headBytes) / 4)
    const facts = await readFacts(files, run, sampleRateHz, sampleCount, (reader.sizeBytes - headBytes) % 4)
    return {
      path,
      format: 'mlperf-tiny',
      facts,
      events: () => samples(reader, sampleRateHz, sampleCount),
      [Symbol.asyncDispose]: () => reader.close(),
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

async function readFacts(
  files: HostFiles,
  run: RunFiles,
  sampleRateHz: number,
  sampleCount: number,
  strayBytes: number,
): Promise<TraceFacts> {
  const logText = await textOf(files, run.log)
  const results = readResultsText(await textOf(files, run.resultsText))
  // The runner writes its results into the log as well, where a submission may leave them.
  const published = results.windows.length > 0 ? results : readResultsText(logText)
  const log = readLog(logText)
  const script = readLog(await textOf(files, run.script))
  const edgesS = run.timestamps ? readEdges(await textOf(files, run.timestamps), run.timestamps) : log.timestampsS
  const inferences = log.inferences.length > 0 ? log.inferences : script.inferences
  const windows = runnerWindows({ sampleRateHz, sampleCount, edgesS, published, inferences })
  return {
    sampleRateHz,
    provenance: 'replayed',
    supplyV: log.supplyV ?? script.supplyV,
    meter: { driver: 'mlperf-tiny', runner: 'EEMBC', ...(log.meter === null ? {} : { model: log.meter }) },
    startedAt: null,
    windows,
    publishedMedianJ: published.medianJ,
    incomplete: incompleteness(log, strayBytes),
    notes: windows.length > 0 ? [] : ['neither timestamps nor a log lie beside the samples, so there are no windows'],
  }
}

function incompleteness({ dropped }: LogFacts, strayBytes: number): string | null {
  if (dropped && dropped.packets > 0) return `the runner dropped ${dropped.packets} of ${dropped.of} packets`
  return strayBytes > 0 ? `the file ends within a sample (${strayBytes} stray bytes)` : null
}

async function* samples(reader: FileReader, rate: number, count: number): AsyncGenerator<SampleEvent> {
  for (let done = 0; done < count; done += blockSamples) {
    const length = Math.min(blockSamples, count - done)
    const bytes = await reader.read(headBytes + 4 * done, headBytes + 4 * (done + length))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const powerW = new Float32Array(Math.floor(bytes.length / 4))
    for (let at = 0; at < powerW.length; at++) powerW[at] = view.getFloat32(4 * at, true) * 1e-6 * rate
    yield {
      kind: 'samples',
      firstIndex: done,
      powerW,
      digital: new Uint8Array(powerW.length),
      raw: bytes,
      arrivalS: (done + powerW.length) / rate,
    }
  }
}
