import { type Step, sizeOf, type Value } from '../program.ts'
import { type LowerContext, refuse } from './context.ts'
import { convStep, placesOf } from './conv.ts'
import { constantWeights, pickChannels } from './conv-weights.ts'
import { type Arrangement, moveLoops } from './loops/move.ts'

/** Groups below this many channels run as loops: they would leave vectors mostly empty. */
const leastGroup = 4

/** conv_2d in groups of several channels: each group's channels are cut out, convolved, and put together again. */
export function lowerGroupedConv(context: LowerContext): readonly Step[] {
  const weights = constantWeights(context, { weights: 1, bias: 2, axis: 0 })
  const places = placesOf(context, 0, weights)
  const { geometry: g, input, output } = places
  const depth = weights.shape[3]!
  const groups = g.inputChannels / depth
  if (depth < leastGroup) throw refuse(context, 'its groups are small')
  const width = g.outputChannels / groups
  const part = (value: Value, group: number, channels: number): Value => ({
    ...value,
    name: `${output.name} < ${value.name} group ${group}`,
    shape: [...value.shape.slice(0, -1), channels],
  })
  const convolved = Array.from({ length: groups }, (_, group) => part(output, group, width))
  const steps = convolved.flatMap((made, group) => {
    const own = part(input, group, depth)
    const geometry = { ...g, inputChannels: depth, outputChannels: width }
    return [
      moveLoops(context, channelsOf(input, own, group * depth, 0)),
      convStep(context, { input: own, output: made, geometry }, pickChannels(weights, group * width, width)),
    ]
  })
  const runs = convolved.flatMap((made, input) =>
    channelsOf(made, output, 0, input * width).runs.map((run) => ({ ...run, input })),
  )
  return [...steps, moveLoops(context, { inputs: convolved, output, image: null, runs })]
}

/** Runs of neighbouring channels from one value to another, pixel by pixel. */
function channelsOf(from: Value, to: Value, first: number, at: number): Arrangement {
  const [wide, narrow] = [from.shape.at(-1)!, to.shape.at(-1)!]
  const length = Math.min(wide, narrow)
  const pixels = sizeOf(from.shape) / wide
  const runs = Array.from({ length: pixels }, (_, pixel) => ({
    input: 0,
    from: pixel * wide + first,
    to: pixel * narrow + at,
    length,
  }))
  return { inputs: [from], output: to, image: null, runs }
}
