import type { ConvStep, Geometry } from '../program.ts'
import { FunctionBuilder } from '../wasm/function.ts'
import { blockLoop, pixelLoop, spillBytes, tiledLayer } from './block-loop.ts'
import { type Dialect, emitPack } from './dialect.ts'
import type { ChosenKernel } from './kernel.ts'

/** Whether every output pixel reads exactly its own input pixel. */
export function isPointwise({ geometry: g }: { readonly geometry: Geometry }): boolean {
  return (
    g.filterHeight * g.filterWidth * g.strideHeight * g.strideWidth === 1 &&
    g.padTop === 0 &&
    g.padLeft === 0 &&
    g.inputHeight === g.outputHeight &&
    g.inputWidth === g.outputWidth
  )
}

/** 1×1 convolution and fully connected: a matrix product; each tile of pixels is packed, then meets all channels. */
export function pointwiseKernel(step: ConvStep, dialect: Dialect): ChosenKernel {
  const { geometry: g } = step
  const count = g.batches * g.outputHeight * g.outputWidth
  const layer = tiledLayer(step, dialect, count)
  const depth = g.inputChannels
  const spill = spillBytes(layer)
  const padded = layer.pixels * depth * dialect.elementBytes + 64
  return {
    name: `pointwise ${dialect.name} ${layer.pixels}x${layer.block}`,
    scratchBytes: spill + padded,
    emit: (context, scratch) => {
      const f = new FunctionBuilder([], [])
      const [pixel, source, target, output, counter] = [0, 1, 2, 3, 4].map(() => f.local('i32')) as [
        number,
        number,
        number,
        number,
        number,
      ]
      const emitBlocks = blockLoop(f, context, layer)
      pixelLoop(f, count, layer.pixels, pixel, () => {
        f.get(pixel).i32(depth).op('i32.mul').i32(context.addressOf(step.inputs[0]!)).op('i32.add').set(source)
        f.i32(scratch + spill).set(target)
        emitPack(f, dialect, step.inputs[0]!.zeroPoint, source, target, layer.pixels * depth, counter)
        f.get(pixel).i32(g.outputChannels).op('i32.mul').i32(context.addressOf(step.output)).op('i32.add').set(output)
        emitBlocks({
          output,
          pixelBytes: depth * dialect.elementBytes,
          spill: scratch,
          start: () => f.i32(scratch + spill),
        })
      })
      return context.module.add(f)
    },
  }
}
