import type { Executable } from '../backends/backend.ts'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { median, quantile } from '../core/stats.ts'
import { stopIfAborted } from './progress.ts'
import { type EngineOptions, openEngine } from './raw-engine.ts'
import { countInferences, joinBytes, outputBytes, rawReader } from './raw-tensors.ts'

/** What a raw run did. */
export interface RawRun {
  readonly backend: string
  readonly inferences: number
  /** Bytes read and written in all. */
  readonly inputBytes: number
  readonly outputBytes: number
  /** Latency of one inference in seconds, over all of them. */
  readonly latencyS: { readonly median: number; readonly p95: number }
}

/** Which file goes in, which comes out. */
export interface RawRunOptions extends EngineOptions {
  readonly input: string
  readonly output: string
  readonly signal?: AbortSignal
}

async function readInput(host: Host, path: string): Promise<Uint8Array> {
  try {
    return await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('INPUT_NOT_FOUND', path, undefined, error)
  }
}

/** Writes a whole file or nothing. @throws MilliwattError OUTPUT_WRITE */
export async function writeOutput(host: Host, path: string, content: Uint8Array): Promise<void> {
  try {
    await host.files.write(path, content)
  } catch (error) {
    throw new MilliwattError('OUTPUT_WRITE', path, messageOf(error), error)
  }
}

type Tensors = Awaited<ReturnType<Executable['run']>>

/** One inference, timed by the clock of the device where it has one of its own. */
async function runOnce(
  { clock }: Host,
  { run, remote }: Executable,
  inputs: Tensors,
): Promise<{ readonly outputs: Tensors; readonly latencyS: number }> {
  if (remote) {
    await remote.load(inputs)
    return { latencyS: await remote.run(1, 'none'), outputs: await remote.read() }
  }
  const startS = clock.preciseS()
  const outputs = await run(inputs)
  return { outputs, latencyS: clock.preciseS() - startS }
}

async function runAll(
  host: Host,
  { executable, backend }: { readonly executable: Executable; readonly backend: string },
  bytes: Uint8Array,
  { input: where, signal }: RawRunOptions,
): Promise<{ readonly latencies: Float64Array; readonly outputs: Uint8Array }> {
  const reader = rawReader(executable.inputs)
  const latencies = new Float64Array(countInferences(bytes.length, reader.inferenceBytes, where))
  const parts: Uint8Array[] = []
  for (let run = 0; run < latencies.length; run++) {
    stopIfAborted(signal)
    const inputs = reader.read(bytes, run * reader.inferenceBytes)
    const { outputs, latencyS } = await runOnce(host, executable, inputs).catch((error: unknown) => {
      if (error instanceof MilliwattError) throw error
      throw new MilliwattError('BACKEND_FAILED', backend, messageOf(error), error)
    })
    latencies[run] = latencyS
    parts.push(...outputBytes(executable.outputs, outputs))
  }
  return { latencies, outputs: joinBytes(parts) }
}

/**
 * Runs a model over a file of raw input tensors and writes the outputs the same way: elements little-endian in the
 * model's own types, all inputs (outputs) of an inference in graph order, inference after inference. A model with
 * state keeps it from one inference to the next. The output file is written at the end, whole or not at all.
 * @throws MilliwattError INPUT_NOT_FOUND, INPUT_SHAPE, OUTPUT_WRITE, and what `openEngine` throws
 */
export async function rawRun(host: Host, model: string, options: RawRunOptions): Promise<RawRun> {
  const bytes = await readInput(host, host.files.resolve(options.input))
  const engine = await openEngine(host, model, options)
  try {
    const { latencies, outputs } = await runAll(host, engine, bytes, options)
    await writeOutput(host, host.files.resolve(options.output), outputs)
    return {
      backend: engine.backend,
      inferences: latencies.length,
      inputBytes: bytes.length,
      outputBytes: outputs.length,
      latencyS: { median: median(latencies), p95: quantile(latencies, 0.95) },
    }
  } finally {
    await engine.executable[Symbol.asyncDispose]()
  }
}
