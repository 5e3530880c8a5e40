import type { FloatConvStep } from '../float-steps.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { pixelLoop } from './block-loop.ts'
import { isPointwise } from './conv-pointwise.ts'
import type { Dialect } from './dialect.ts'
import { floatBlockLoop, floatLayer } from './float-block-loop.ts'
import type { ChosenKernel } from './kernel.ts'
import { emitRows, rowRing } from './row-ring.ts'

/** 1×1 convolution and fully connected of floats: a matrix product that reads its activations where they lie. */
function pointwiseKernel(step: FloatConvStep, dialect: Dialect): ChosenKernel {
  const { geometry: g } = step
  const count = g.batches * g.outputHeight * g.outputWidth
  const layer = floatLayer(step, dialect, count)
  const pixelBytes = 4 * g.inputChannels
  return {
    name: `pointwise f32${dialect.fused ? ' fused' : ''} ${layer.pixels}x${layer.block}`,
    scratchBytes: 0,
    emit: (context) => {
      const f = new FunctionBuilder([], [])
      const [pixel, source, output] = [f.local('i32'), f.local('i32'), f.local('i32')]
      const emitBlocks = floatBlockLoop(f, context, layer)
      pixelLoop(f, count, layer.pixels, pixel, () => {
        f.get(pixel).i32(pixelBytes).op('i32.mul').i32(context.addressOf(step.inputs[0]!)).op('i32.add').set(source)
        f.get(pixel)
          .i32(4 * g.outputChannels)
          .op('i32.mul')
          .i32(context.addressOf(step.output))
          .op('i32.add')
          .set(output)
        emitBlocks({ output, pixelBytes, start: () => f.get(source) })
      })
      return context.module.add(f)
    },
  }
}

/** Any other convolution of floats: padded rows in a ring, tiles of neighbouring pixels of an output row. */
function rowsKernel(step: FloatConvStep, dialect: Dialect): ChosenKernel {
  const { geometry: g } = step
  const layer = floatLayer(step, dialect, g.outputWidth)
  const ring = rowRing(g, dialect)
  const unit = 4 * g.inputChannels
  const pixelBytes = g.strideWidth * unit
  return {
    name: `rows f32${dialect.fused ? ' fused' : ''} ${layer.pixels}x${layer.block}`,
    scratchBytes: ring.bytes,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const [pixel, offset, output] = [f.local('i32'), f.local('i32'), f.local('i32')]
      const emitBlocks = floatBlockLoop(f, context, layer)
      emitRows(f, context, ring, { input: step.inputs[0]!, output: step.output, scratch }, (rows, outputRow) => {
        pixelLoop(f, g.outputWidth, layer.pixels, pixel, () => {
          f.get(pixel).i32(pixelBytes).op('i32.mul').set(offset)
          f.get(pixel)
            .i32(4 * g.outputChannels)
            .op('i32.mul')
            .get(outputRow)
            .op('i32.add')
            .set(output)
          const start = (row: number, column: number) =>
            f
              .get(rows[row]!)
              .get(offset)
              .op('i32.add')
              .i32(column * unit)
              .op('i32.add')
          emitBlocks({ output, pixelBytes, start: (run) => start(run.row, run.column) })
        })
      })
      return context.module.add(f)
    },
  }
}

/** Convolution of floats, eight channels of several pixels at once. */
export function floatConvKernel(step: FloatConvStep, dialect: Dialect): ChosenKernel {
  return isPointwise(step) ? pointwiseKernel(step, dialect) : rowsKernel(step, dialect)
}
