import type { SynchronousRun, TensorData, TensorSpec } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import { arrayTypes, checkData, knownShape } from './input.ts'

/** Elements of the only input or output, or of each by name. */
export type Elements = TensorData | Readonly<Record<string, TensorData>>

/** Copies elements between the caller's arrays and the engine's; nothing is allocated. */
type Copy = (elements: Elements) => void

/** The caller's array of one tensor. */
type Pick = (elements: Elements) => TensorData

function pickers(specs: readonly TensorSpec[], kind: string): readonly Pick[] {
  const names = specs.map(({ name }) => name).join(', ')
  return specs.map((spec) => {
    const shape = knownShape(spec)
    return (elements) => {
      if (ArrayBuffer.isView(elements) && specs.length !== 1)
        throw new MilliwattError('INPUT_SHAPE', kind, `The model has ${specs.length}: ${names}.`)
      const data = ArrayBuffer.isView(elements) ? (elements as TensorData) : elements[spec.name]
      if (!data) throw new MilliwattError('INPUT_SHAPE', spec.name, `It is missing from the ${kind}.`)
      checkData(spec, shape, data)
      return data
    }
  })
}

type Settable = { set(values: TensorData): void }

const copyAll = (picks: readonly Pick[], copy: (index: number, theirs: TensorData) => void): Copy => {
  return (elements) => {
    for (let index = 0; index < picks.length; index++) copy(index, picks[index]!(elements))
  }
}

/**
 * A synchronous call that takes the caller's arrays and fills the caller's arrays. Everything is checked before the
 * first element is written.
 */
export function runInto(
  synchronous: SynchronousRun,
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): (inputs: Elements, outputs: Elements) => void {
  const [inputPicks, outputPicks] = [pickers(inputs, 'inputs'), pickers(outputs, 'outputs')]
  const check = copyAll(outputPicks, () => undefined)
  const write = copyAll(inputPicks, (index, theirs) => (synchronous.inputs[index] as Settable).set(theirs))
  const read = copyAll(outputPicks, (index, theirs) => (theirs as Settable).set(synchronous.outputs[index]!))
  return (given, filled) => {
    check(filled)
    write(given)
    synchronous.run()
    read(filled)
  }
}

/** Arrays of the right types and lengths for these tensors, by name. */
export function allocate(specs: readonly TensorSpec[]): Readonly<Record<string, TensorData>> {
  return Object.fromEntries(
    specs.map((spec) => {
      const type = arrayTypes[spec.dtype]
      if (!type) throw new MilliwattError('INPUT_SHAPE', spec.name, `Tensors of type ${spec.dtype} are not supported.`)
      return [spec.name, new type(knownShape(spec).reduce((product, length) => product * length, 1))]
    }),
  )
}
