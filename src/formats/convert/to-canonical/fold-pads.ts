import { constantIntegers, type Graph, type Node, numberAttribute } from '../../../graph/graph.ts'
import { dropUnread, replaceNodes, soleConsumer, wiringOf } from './wiring.ts'

const convolutions = new Set(['conv_2d', 'depthwise_conv_2d'])

/** Pads of a PAD on height and width alone: top, bottom, left, right. */
function spatialPads(graph: Graph, pad: Node): readonly number[] | null {
  const amounts = constantIntegers(graph.tensors.get(pad.inputs[1] ?? ''))
  if (amounts?.length !== 8 || [0, 1, 6, 7].some((index) => amounts[index] !== 0)) return null
  return amounts.slice(2, 6)
}

/** A PAD whose only reader is a convolution goes into its pads: both fill with zero, or the zero point. */
export function foldPads(graph: Graph): Graph {
  const wiring = wiringOf(graph)
  const moves = new Map<Node, readonly Node[]>()
  for (const pad of graph.nodes) {
    const conv = pad.op === 'pad' ? soleConsumer(wiring, pad.outputs[0]!) : null
    const amounts = conv && convolutions.has(conv.op) ? spatialPads(graph, pad) : null
    if (!conv || !amounts) continue
    const pads = ['padTop', 'padBottom', 'padLeft', 'padRight'].map(
      (name, side) => [name, numberAttribute(conv, name, 0) + amounts[side]!] as const,
    )
    moves.set(pad, [])
    moves.set(conv, [
      {
        ...conv,
        inputs: [pad.inputs[0]!, ...conv.inputs.slice(1)],
        attributes: { ...conv.attributes, ...Object.fromEntries(pads) },
      },
    ])
  }
  return dropUnread(replaceNodes(graph, moves))
}
