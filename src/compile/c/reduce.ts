import { type Extent, extentsOf } from '../kernels/nest.ts'
import { type ReduceStep, sizeOf } from '../program.ts'
import { type CStep, kernelStep } from './c-step.ts'
import { plainRequantization } from './requantization.ts'

const suffixes: Readonly<Record<string, string>> = { int8: 's8', uint8: 'u8', float32: 'f32' }

/** Mean, sum, maximum or minimum over axes. */
export function reduce(step: ReduceStep): CStep {
  const input = step.inputs[0]!
  return kernelStep(`reduce_${suffixes[input.dtype]}`, (writer) => {
    const extents = extentsOf(input.shape, step.reduced, 1)
    const axes = (name: string, marked: boolean) => {
      const rows = extents.filter((extent) => extent.marked === marked)
      const text = ({ length, stride }: Extent) => `{${length}, ${stride}}`
      // C has no empty tables.
      const items = rows.length > 0 ? rows.map(text) : ['{1, 0}']
      return [writer.rows(name, 'mw_extent', items, 8 * items.length), items.length] as const
    }
    const [kept, keptAxes] = axes('kept', false)
    const [reduced, reducedAxes] = axes('reduced', true)
    const outputs = sizeOf(step.output.shape)
    const shape = writer.struct('reduce', 'mw_reduce', {
      mode: `MW_REDUCE_${step.mode.toUpperCase()}`,
      kept,
      reduced,
      kept_axes: keptAxes,
      reduced_axes: reducedAxes,
      outputs,
      elements: sizeOf(input.shape) / outputs,
    })
    const places = [writer.read(input), writer.write(step.output), shape]
    if (input.dtype === 'float32') return places
    const requantization = step.requantize ? plainRequantization(writer, step.requantize) : 'NULL'
    return [...places, input.zeroPoint, requantization]
  })
}
