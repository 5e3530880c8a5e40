import type { ConvStep } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { blockLoop, pixelLoop, spillBytes, tiledLayer } from './block-loop.ts'
import type { Dialect } from './dialect.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitRows, rowRing } from './row-ring.ts'

/** Any convolution with groups = 1: packed rows in a ring, tiles of neighbouring pixels of an output row. */
export function convRowsKernel(step: ConvStep, dialect: Dialect): ChosenKernel {
  const { geometry: g } = step
  const layer = tiledLayer(step, dialect, g.outputWidth)
  const ring = rowRing(g, dialect)
  const spill = spillBytes(layer)
  const unit = g.inputChannels * dialect.elementBytes
  return {
    name: `rows ${dialect.name} ${layer.pixels}x${layer.block}`,
    scratchBytes: spill + ring.bytes,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const [pixel, offset, output] = [f.local('i32'), f.local('i32'), f.local('i32')]
      const emitBlocks = blockLoop(f, context, layer)
      const site = { input: step.inputs[0]!, output: step.output, scratch: scratch + spill }
      emitRows(f, context, ring, site, (rows, outputRow) => {
        pixelLoop(f, g.outputWidth, layer.pixels, pixel, () => {
          f.get(pixel)
            .i32(g.strideWidth * unit)
            .op('i32.mul')
            .set(offset)
          f.get(pixel).i32(g.outputChannels).op('i32.mul').get(outputRow).op('i32.add').set(output)
          emitBlocks({
            output,
            pixelBytes: g.strideWidth * unit,
            spill: scratch,
            start: (run) =>
              f
                .get(rows[run.row]!)
                .get(offset)
                .op('i32.add')
                .i32(run.column * unit)
                .op('i32.add'),
          })
        })
      })
      return context.module.add(f)
    },
  }
}
