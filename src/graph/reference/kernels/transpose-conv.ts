import { type Call, input, type Kernel, numeric, output } from '../kernel.ts'
import { productsOf } from './products.ts'
import { eachPosition, tapsAt, type Window, windowOf } from './window.ts'

/** The window that slides over the output, one position for each input place. */
function windowOverOutput(call: Call): Window {
  const weights = input(call, 1)
  return windowOf(call, output(call), input(call, 2), weights.shape[1]!, weights.shape[2]!)
}

/**
 * TRANSPOSE_CONV: inputs are the output's shape, OHWI weights, the activations and a bias. Every input place spreads
 * over the outputs that its window covers, in the order of TFLite's reference (floats round after every step).
 */
export const transposeConv: Kernel = (call) => {
  const [weights, x, out] = [input(call, 1), input(call, 2), output(call)]
  const [channels, filterH, filterW, depth] = weights.shape as [number, number, number, number]
  const products = productsOf(call, { x, weights, bias: call.inputs[3] ?? null, out })
  const window = windowOverOutput(call)
  const sums = new Float64Array(out.data.length)
  eachPosition(window, (batch, row, column, index) => {
    const taps = tapsAt(window, batch, row, column)
    for (let c = 0; c < depth; c++)
      for (const { index: target, tap } of taps)
        for (let channel = 0; channel < channels; channel++) {
          const weightIndex = (channel * filterH * filterW + tap) * depth + c
          sums[target + channel] = products.add(sums[target + channel]!, index + c, weightIndex)
        }
  })
  const data = numeric(call, out)
  for (let at = 0; at < data.length; at++) data[at] = products.finish(sums[at]!, at % channels)
}
