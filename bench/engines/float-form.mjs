import { elementCount } from '../../dist/graph/graph.js'
import { dequantized } from '../../dist/graph/reference/dequantized.js'
import { constantValues } from '../../dist/graph/reference/values.js'

const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

function floatTensor(tensor) {
  const { quantization, data, ...rest } = tensor
  if (!quantization) return tensor
  if (!data) return { ...rest, dtype: 'float32' }
  const shape = tensor.shape.length === 0 ? [1] : tensor.shape
  const values = constantValues(tensor, elementCount(tensor.shape))
  return { ...rest, dtype: 'float32', data: bytesOf(dequantized(values, { tensor, shape })) }
}

/** A quantised graph in float32: the same layers with the reals that its weights stand for. */
export function floatForm(graph) {
  const tensors = new Map([...graph.tensors].map(([name, tensor]) => [name, floatTensor(tensor)]))
  return { ...graph, tensors }
}
