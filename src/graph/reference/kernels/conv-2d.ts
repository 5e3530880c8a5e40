import { input, type Kernel, numeric, output } from '../kernel.ts'
import { productsOf } from './products.ts'
import { eachPosition, tapsAt, windowOf } from './window.ts'

/** CONV_2D: NHWC input, OHWI weights; input channels in groups where the weights have fewer. */
export const conv2d: Kernel = (call) => {
  const [x, weights, out] = [input(call, 0), input(call, 1), output(call)]
  const [channels, filterH, filterW, depth] = weights.shape as [number, number, number, number]
  const products = productsOf(call, { x, weights, bias: call.inputs[2] ?? null, out })
  const window = windowOf(call, x, out, filterH, filterW)
  const groupSize = channels / (window.inputC / depth)
  const data = numeric(call, out)
  eachPosition(window, (batch, row, column, index) => {
    const taps = tapsAt(window, batch, row, column)
    for (let channel = 0; channel < channels; channel++) {
      const first = Math.floor(channel / groupSize) * depth
      let sum = 0
      for (const { index: xIndex, tap } of taps) {
        const weightIndex = (channel * filterH * filterW + tap) * depth
        for (let c = 0; c < depth; c++) sum = products.add(sum, xIndex + first + c, weightIndex + c)
      }
      data[index + channel] = products.finish(sum, channel)
    }
  })
}
