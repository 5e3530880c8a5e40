import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { elementCount } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { type Backend, type Executable, segmentFor, segmentSpecs, type TensorValue } from './backend.ts'

/** How an emulated backend behaves. */
export interface EmulatedBackendOptions {
  readonly name?: string
  /** Latency that every run takes on the host's clock, in seconds. */
  readonly latencyS?: number
  /** Operators that it refuses. */
  readonly refuses?: readonly string[]
  /** Fails from this run on (counted from 0). */
  readonly failsAtRun?: number
  /** Answers no more from this run on (counted from 0). */
  readonly hangsAtRun?: number
  /** Computes with this backend, where it computes; then only latency and faults are emulated. */
  readonly engine?: Backend
}

/** Right shapes, and outputs that depend on the inputs. */
type Compute = (inputs: Readonly<Record<string, TensorValue>>) => Promise<Readonly<Record<string, TensorValue>>>

/**
 * A fixed pseudo-random projection of the input (multiplicative hash of the positions), then softmax. It knows
 * nothing of the model; it only makes outputs that depend on the inputs and are the same every time.
 */
function projected(input: TensorValue, outputs: number): Float32Array {
  const sums = new Float64Array(outputs)
  input.data.forEach((value: number | bigint, index: number) => {
    const hash = Math.imul(index + 1, 0x9e3779b1) >>> 0
    sums[hash % outputs]! += Number(value) * ((hash >>> 16) / 65536 - 0.5)
  })
  const top = Math.max(...sums)
  const exponentials = sums.map((sum) => Math.exp(sum - top))
  const total = exponentials.reduce((a, b) => a + b, 0)
  return Float32Array.from(exponentials, (value) => value / total)
}

/** The softmax of a projection for the first output of a segment. */
function projection(segment: Segment): Compute {
  const output = segmentSpecs(segment).outputs[0]!
  const length = elementCount(output.shape) ?? 1
  const shape = (output.shape ?? [length]).map((dimension) => (typeof dimension === 'number' ? dimension : 1))
  return async (inputs) => ({
    [output.name]: { dtype: 'float32', shape, data: projected(Object.values(inputs)[0]!, length) },
  })
}

/** Latency and faults around what computes. */
function emulatedRun(
  options: EmulatedBackendOptions,
  compute: Compute,
  sleep: (seconds: number) => Promise<void>,
): Compute {
  let runs = 0
  return async (inputs) => {
    if (options.failsAtRun !== undefined && runs >= options.failsAtRun)
      throw new MilliwattError('BACKEND_FAILED', options.name ?? 'emulated', 'It was told to fail at this run.')
    if (options.hangsAtRun !== undefined && runs >= options.hangsAtRun) await new Promise(() => undefined)
    runs += 1
    await sleep(options.latencyS ?? 0)
    return compute(inputs)
  }
}

async function prepare(
  options: EmulatedBackendOptions,
  segment: Segment,
  device: Device,
  host: Host,
): Promise<Executable> {
  const real = await options.engine?.prepare(segmentFor(segment, options.engine), device, host)
  const compute: Compute = real ? (inputs) => real.run(inputs) : projection(segment)
  return {
    ...segmentSpecs(segment),
    stateful: real?.stateful ?? false,
    run: emulatedRun(options, compute, (seconds) => host.clock.sleep(seconds)),
    [Symbol.asyncDispose]: async () => real?.[Symbol.asyncDispose](),
  }
}

/**
 * A backend for tests and dry runs: right shapes, repeatable outputs, declared latency and faults. It is not in
 * the list of backends, so that no plan can choose it unless it is passed in.
 */
export function emulatedBackend(options: EmulatedBackendOptions = {}): Backend {
  return {
    name: options.name ?? 'emulated',
    summary: 'an emulated engine with declared latency and faults',
    form: 'any',
    available: async () => ({ ok: true, engine: 'emulated' }),
    supports: (node) =>
      options.refuses?.includes(node.op) ? { ok: false, reason: `${node.op} is refused by declaration` } : { ok: true },
    semantics: () => null,
    prepare: (segment, device, host) => prepare(options, segment, device, host),
  }
}
