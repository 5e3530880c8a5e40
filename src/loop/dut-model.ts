import type { SynchronousRun, TensorData, TensorSpec, TensorValue } from '../backends/backend.ts'
import type { DutModel } from '../firmware/mlperf/dut.ts'
import type { Engine } from './raw-engine.ts'
import { rawReader } from './raw-tensors.ts'

/** What a device answers with: the model's outputs, or how far they are from its input. */
export type DutAnswer = 'outputs' | 'error'

/** Reals that elements of a tensor stand for. */
function toReals(data: TensorData, spec: TensorSpec): Float64Array {
  const { scale, zeroPoint } = spec.quantization ?? { scale: 1, zeroPoint: 0 }
  return Float64Array.from({ length: data.length }, (_, at) => scale * (Number(data[at]) - zeroPoint))
}

/** Bytes of an input as reals in float32, turned into the tensor's own integers. */
function quantized(bytes: Uint8Array, spec: TensorSpec): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { scale, zeroPoint } = spec.quantization!
  const [low, high] = spec.dtype === 'uint8' ? [0, 255] : [-128, 127]
  return Uint8Array.from({ length: bytes.length / 4 }, (_, at) => {
    const element = Math.round(view.getFloat32(4 * at, true) / scale) + zeroPoint
    return Math.min(high, Math.max(low, Number.isNaN(element) ? zeroPoint : element)) & 255
  })
}

/** The one input that takes float32 as well, since its own elements are quantised bytes; null where there is none. */
function quantizedInput({ inputs: [only, ...more] }: Engine): TensorSpec | null {
  if (!only || more.length > 0 || !only.quantization) return null
  return only.dtype === 'int8' || only.dtype === 'uint8' ? only : null
}

/** Mean squared difference between input and output, the anomaly score of an autoencoder (MLPerf Tiny's ad01). */
function meanSquare(input: Float64Array, output: Float64Array): number {
  return input.reduce((sum, value, at) => sum + (value - output[at]!) ** 2, 0) / input.length
}

/**
 * An engine as the model of a device under test. A buffer holds the inputs as they are in the model (raw elements, one
 * input after another); one quantised input of bytes may come as float32 instead, as ad01's does. A model with state
 * begins afresh with every buffer that is loaded, where its engine can.
 * @throws MilliwattError INPUT_SHAPE for inputs that bytes cannot fill
 */
export function dutModelOf(engine: Engine, answer: DutAnswer): DutModel {
  const { executable, inputs: specs, outputs } = engine
  const reader = rawReader(specs)
  const real = quantizedInput(engine)
  let inputs: Readonly<Record<string, TensorValue>> = {}
  let given: Readonly<Record<string, TensorValue>> = {}
  let synchronous = executable.synchronous
  const runWith = (engine: SynchronousRun) => {
    specs.forEach(({ name }, at) => {
      // Of one type on both sides: the reader makes the elements that the engine declares.
      ;(engine.inputs[at] as Int8Array).set(inputs[name]!.data as Int8Array)
    })
    engine.run()
  }
  const run = (): void | Promise<void> => {
    if (synchronous) return runWith(synchronous)
    return executable.run(inputs).then((values) => {
      given = values
    })
  }
  const output = (at: number) => toReals(synchronous?.outputs[at] ?? given[outputs[at]!.name]!.data, outputs[at]!)
  return {
    inputBytes: reader.inferenceBytes,
    refuses: (bytes) => {
      if (bytes === reader.inferenceBytes || (real && bytes === 4 * reader.inferenceBytes)) return null
      const asReals = real ? `, or ${4 * reader.inferenceBytes} as float32` : ''
      return `The model takes ${reader.inferenceBytes} bytes${asReals}; the buffer holds ${bytes}`
    },
    load: (bytes) => {
      executable.reset?.()
      synchronous = executable.synchronous
      const isReal = real !== null && bytes.length !== reader.inferenceBytes
      inputs = reader.read(isReal ? quantized(bytes, real) : bytes, 0)
    },
    run,
    results: () => {
      if (answer === 'outputs') return outputs.flatMap((_, at) => [...output(at)])
      return [meanSquare(toReals(inputs[specs[0]!.name]!.data, specs[0]!), output(0))]
    },
  }
}

/** Why a model cannot answer with an error: its only output must look like its only input; null when it can. */
export function whyNoError({ inputs, outputs }: Engine): string | null {
  const size = (spec: TensorSpec | undefined) => spec?.shape?.reduce<number>((all, one) => all * Number(one), 1)
  if (inputs.length === 1 && outputs.length === 1 && size(inputs[0]) === size(outputs[0])) return null
  return 'the model has not one output as large as its one input'
}
