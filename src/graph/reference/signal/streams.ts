import { numberAttribute } from '../../graph.ts'
import { attribute, type Call, input, isFloat, type Kernel, numeric, output } from '../kernel.ts'

/** What a node keeps between runs; it begins as this many zeros. */
function kept(call: Call, length: number, what = 0): readonly number[] {
  const values = call.variables.get(keyOf(call, what))
  return values ? Array.from(values as ArrayLike<number>) : new Array<number>(length).fill(0)
}

const keyOf = (call: Call, what: number) => `${output(call).tensor.name}/${what}`

function keep(call: Call, values: readonly number[], what = 0): void {
  call.variables.set(keyOf(call, what), Float64Array.from(values))
}

/** SignalDelay: samples along the last axis come delayLength samples later. */
export const signalDelay: Kernel = (call) => {
  const [source, data] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  const [length, delay] = [input(call, 0).shape.at(-1)!, attribute(call, 'delayLength')]
  for (let row = 0; row * length < source.length; row++) {
    const queue = [...kept(call, delay, row), ...source.subarray(row * length, (row + 1) * length)]
    data.set(queue.slice(0, length), row * length)
    keep(call, queue.slice(length), row)
  }
}

/**
 * SignalFramer: overlapping frames of frameSize samples every frameStep, along a new last axis. The second output tells
 * whether all frames were full; one that was not is zeros. With `prefill` the stream begins with zeros.
 */
export const signalFramer: Kernel = (call) => {
  const [source, data, valid] = [input(call, 0), output(call), output(call, 1)].map((each) => numeric(call, each))
  const [size, step] = [attribute(call, 'frameSize'), attribute(call, 'frameStep')]
  const before = numberAttribute(call.node, 'prefill', 0) !== 0 ? size - step : 0
  const length = input(call, 0).shape.at(-1)!
  valid![0] = 1
  for (let row = 0; row * length < source!.length; row++) {
    let queue = kept(call, before, row)
    for (let from = row * length; from < (row + 1) * length; from += step) {
      queue = [...queue, ...source!.subarray(from, from + step)]
      if (queue.length >= size) {
        data!.set(queue.slice(0, size), (from / step) * size)
        queue = queue.slice(step)
      } else valid![0] = 0
    }
    keep(call, queue, row)
  }
}

/**
 * SignalStacker: the last frames as one, a new one every stackerStep frames; the first frame is repeated for those
 * before it. The second output tells whether a frame came; zeros if not.
 */
export const signalStacker: Kernel = (call) => {
  const [source, data, valid] = [input(call, 0), output(call), output(call, 1)].map((each) => numeric(call, each))
  const channels = attribute(call, 'numChannels')
  const frame = source!.subarray(0, channels)
  const first = !call.variables.get(keyOf(call, 0))
  const copies = 1 + (first ? attribute(call, 'stackerLeftContext') : 0)
  const queue = [...kept(call, 0), ...Array.from({ length: copies }, () => [...frame]).flat()]
  const full = queue.length >= data!.length
  if (full) data!.set(queue.slice(0, data!.length))
  valid![0] = full ? 1 : 0
  keep(call, full ? queue.slice(channels * attribute(call, 'stackerStep')) : queue)
}

/** SignalOverlapAdd: frames laid over each other every frameStep samples; int16 saturates. */
export const signalOverlapAdd: Kernel = (call) => {
  const x = input(call, 0)
  const [source, data] = [numeric(call, x), numeric(call, output(call))]
  const [frames, size] = x.shape.slice(-2) as [number, number]
  const step = attribute(call, 'frameStep')
  const sum = isFloat(x)
    ? (a: number, b: number) => Math.fround(a + b)
    : (a: number, b: number) => Math.min(32767, Math.max(-32768, a + b))
  for (let row = 0; row * frames * size < source.length; row++) {
    let tail = kept(call, size, row)
    for (let number = row * frames; number < (row + 1) * frames; number++) {
      const total = tail.map((value, at) => sum(value, source[number * size + at]!))
      data.set(total.slice(0, step), number * step)
      tail = [...total.slice(step), ...new Array<number>(step).fill(0)]
    }
    keep(call, tail, row)
  }
}
