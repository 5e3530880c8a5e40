import { type Node, numberAttribute } from '../../../graph/graph.ts'
import { type CanonicalContext, emit, newTensor, unsupported, valueAt } from './context.ts'
import { channelsLastShape, toChannelsLast } from './layout.ts'

type Shape4 = readonly [number, number, number, number]

function move(context: CanonicalContext, node: Node, op: string, of: (shape: Shape4, block: number) => Shape4): void {
  const x = toChannelsLast(context, valueAt(context, node, 0))
  const block = numberAttribute(node, 'blocksize', 1)
  const shape = of(x.shape as Shape4, block)
  const tensor = newTensor(context, node.outputs[0]!, channelsLastShape(shape), x.tensor)
  emit(context, op, [x.tensor], [tensor], { blockSize: block })
  context.values.set(node.outputs[0]!, { ...x, tensor, shape })
}

/** DepthToSpace in the order depth, column, row, which is TFLite's. */
export function depthToSpaceToCanonical(context: CanonicalContext, node: Node): void {
  if (String(node.attributes.mode ?? 'DCR') !== 'DCR') throw unsupported(node, 'of mode CRD is missing')
  move(context, node, 'depth_to_space', ([n, c, h, w], block) => [n, c / (block * block), h * block, w * block])
}

/** SpaceToDepth. */
export function spaceToDepthToCanonical(context: CanonicalContext, node: Node): void {
  move(context, node, 'space_to_depth', ([n, c, h, w], block) => [n, c * block * block, h / block, w / block])
}
