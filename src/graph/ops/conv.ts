import { elementCount, numberAttribute, numbersAttribute } from '../graph.ts'
import type { OpContext, OpDef, Shape } from './op-def.ts'

/** Spatial extent after a window op, by the rule of the ONNX operators Conv and Pool. */
export function windowedExtent(context: OpContext, spatial: Shape, kernel: readonly number[]): Shape | null {
  const { node } = context
  const ones = kernel.map(() => 1)
  const strides = numbersAttribute(node, 'strides', ones)
  const dilations = numbersAttribute(node, 'dilations', ones)
  const pads = numbersAttribute(
    node,
    'pads',
    kernel.flatMap(() => [0, 0]),
  )
  const same = String(node.attributes.auto_pad ?? 'NOTSET').startsWith('SAME')
  const round = numberAttribute(node, 'ceil_mode', 0) ? Math.ceil : Math.floor
  const extents = kernel.map((size, axis) => {
    const length = spatial[axis]
    if (typeof length !== 'number') return null
    if (same) return Math.ceil(length / strides[axis]!)
    const padded = length + pads[axis]! + pads[axis + kernel.length]!
    return round((padded - dilations[axis]! * (size - 1) - 1) / strides[axis]!) + 1
  })
  return extents.every((extent) => extent !== null) ? (extents as number[]) : null
}

function kernelOf(context: OpContext): readonly number[] | null {
  const weight = context.shapes[1]
  if (!weight?.every((dimension) => typeof dimension === 'number')) return null
  return weight.slice(2) as number[]
}

/** ONNX Conv, 1-D to 3-D, grouped and dilated: input N×C×spatial, weight M×(C/group)×kernel. */
export const conv: OpDef = {
  op: 'Conv',
  weightInputs: [1, 2],
  outputShape(context) {
    const [input, weight] = context.shapes
    const kernel = kernelOf(context)
    if (!input || !weight || !kernel) return null
    const extent = windowedExtent(context, input.slice(2), kernel)
    return extent && [input[0]!, weight[0]!, ...extent]
  },
  macs(context, output) {
    const each = elementCount(context.shapes[1]?.slice(1) ?? null)
    const outputs = elementCount(output)
    return each === null || outputs === null ? null : each * outputs
  },
}
