import { MilliwattError } from '../core/errors.ts'
import { checkShapes } from './check-shapes.ts'
import { type Dimension, elementCount, type Graph, type Tensor } from './graph.ts'
import { inferShapes } from './shapes.ts'

/** Lengths by name: `INPUT:AXIS` for one dimension of one input, `?` for every one that the file leaves open. */
export type Lengths = Readonly<Record<string, number>>

const isOpen = ({ signature }: Tensor): boolean =>
  signature?.some((dimension) => typeof dimension === 'string') ?? false

/** The shape of an input at these lengths. @throws MilliwattError MODEL_ILLEGAL for dimensions other than the first */
function resized(input: Tensor, lengths: Lengths): readonly Dimension[] | null {
  return (
    input.shape?.map((length, axis) => {
      const open = typeof input.signature?.[axis] === 'string'
      const wanted = lengths[`${input.name}:${axis}`] ?? (open ? lengths['?'] : undefined)
      if (wanted === undefined || wanted === length) return length
      // Pads of the operators were worked out for the other lengths when the file was read.
      if (open && axis === 0) return wanted
      const why = open ? 'only the first dimension (the batch) can be' : 'the file does not leave it open'
      throw new MilliwattError(
        'MODEL_ILLEGAL',
        input.name,
        `Dimension ${axis} cannot be given the length ${wanted}: ${why}.`,
      )
    }) ?? null
  )
}

/** Gives every tensor the shape that follows from the inputs. */
function inferAnew(graph: Graph): Graph {
  const shapes = inferShapes(graph)
  const tensors = [...graph.tensors.values()].map((tensor) => {
    const shape = tensor.shape ?? shapes.get(tensor.name) ?? null
    if (elementCount(shape) !== null) return { ...tensor, shape }
    throw new MilliwattError(
      'MODEL_ILLEGAL',
      tensor.name,
      'Its shape at the new lengths cannot be told; export the model with them.',
    )
  })
  return checkShapes(
    { ...graph, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) },
    graph.name || 'graph',
  )
}

/**
 * Another batch for a model whose file records shapes and says which lengths are open (TFLite's shape signature). Without
 * lengths for them, the recorded shapes stay. Gives the same graph back where nothing changes.
 * @throws MilliwattError MODEL_ILLEGAL where a length cannot be changed
 */
export function resizeInputs(graph: Graph, lengths: Lengths): Graph {
  const inputs = new Map(graph.inputs.map((name) => [name, resized(graph.tensors.get(name)!, lengths)] as const))
  if (graph.inputs.every((name) => String(inputs.get(name)) === String(graph.tensors.get(name)?.shape))) return graph
  const tensors = [...graph.tensors].map(([name, tensor]): [string, Tensor] => {
    const given = inputs.get(name)
    if (given !== undefined) return [name, { ...tensor, shape: given }]
    return [name, isOpen(tensor) && !tensor.data ? { ...tensor, shape: null } : tensor]
  })
  return inferAnew({ ...graph, tensors: new Map(tensors) })
}

/** Shapes as they are recorded, without what the file leaves open besides. */
export function withoutSignatures(graph: Graph): Graph {
  const closed = [...graph.tensors].map(([name, { signature: _, ...tensor }]) => [name, tensor] as const)
  return { ...graph, tensors: new Map(closed) }
}
