import { input, type Kernel, numeric, output } from '../kernel.ts'
import { productsOf } from './products.ts'
import { eachPosition, tapsAt, windowOf } from './window.ts'

/** DEPTHWISE_CONV_2D: NHWC input, 1HWC weights; output channel = input channel · multiplier + m. */
export const depthwiseConv2d: Kernel = (call) => {
  const [x, weights, out] = [input(call, 0), input(call, 1), output(call)]
  const [, filterH, filterW, channels] = weights.shape as [number, number, number, number]
  const products = productsOf(call, { x, weights, bias: call.inputs[2] ?? null, out })
  const window = windowOf(call, x, out, filterH, filterW)
  const multiplier = channels / window.inputC
  const data = numeric(call, out)
  eachPosition(window, (batch, row, column, index) => {
    const taps = tapsAt(window, batch, row, column)
    for (let channel = 0; channel < channels; channel++) {
      const source = Math.floor(channel / multiplier)
      let sum = 0
      for (const { index: xIndex, tap } of taps) sum = products.add(sum, xIndex + source, tap * channels + channel)
      data[index + channel] = products.finish(sum, channel)
    }
  })
}
