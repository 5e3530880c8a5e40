import { clamp, integerRange } from '../activation.ts'
import { quantizeMultiplier, roundHalfEven, roundingDivideByPot } from '../fixed-point.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, scale, zeroPoint } from '../kernel.ts'

const saturate16 = (value: number) => Math.min(32767, Math.max(-32768, value))

/** round(a · b / 2^15) of int16, halves upwards as gemmlowp's 16-bit form with its nudge. */
function roundingHighMul16(a: number, b: number): number {
  const product = a * b
  return saturate16(Math.trunc((product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / 32768))
}

/** A multiplier of 31 bits cut to 15, rounded. */
function to16(multiplier: number): number {
  return multiplier >= 2 ** 31 - 2 ** 15 ? 32767 : (multiplier + 2 ** 15) >> 16
}

/** TFLite's int8 kernel in 16-bit arithmetic: x · relu6(x + 3) / 6. */
function int8Steps(call: Call): (value: number) => number {
  const [x, out] = [input(call, 0), output(call)]
  const fine = Math.fround(scale(x) / 128)
  const toOutput = quantizeMultiplier(Math.fround(fine / scale(out)))
  const toGate = quantizeMultiplier(Math.fround(fine / Math.fround(3 / 32768)))
  const [outputFactor, gateFactor] = [to16(toOutput.multiplier), to16(toGate.multiplier)]
  return (value) => {
    const hires = (value - zeroPoint(x)) * 128
    let gate = toGate.shift > 0 ? saturate16(hires * 2 ** (toGate.shift - 1)) : hires
    gate = roundingHighMul16(gate, gateFactor)
    if (toGate.shift > 0) gate = saturate16(gate * 2)
    if (toGate.shift < 0) gate = roundingDivideByPot(gate, -toGate.shift)
    const product = Math.trunc((((gate + 32768) >> 1) * roundingHighMul16(hires, outputFactor)) / 32768)
    const steps = roundingDivideByPot(product, Math.max(0, -toOutput.shift))
    return clamp(steps + zeroPoint(out), integerRange(out.tensor.dtype))
  }
}

function real(value: number): number {
  const gate = Math.min(6, Math.max(0, Math.fround(value + 3)))
  return Math.fround(Math.fround(value * gate) / 6)
}

/** HARD_SWISH: float32 and int8. */
export const hardSwish: Kernel = (call) => {
  const [x, out] = [input(call, 0), output(call)]
  const [source, data] = [numeric(call, x), numeric(call, out)]
  const floating = (value: number) =>
    clamp(
      roundHalfEven(Math.fround(real(Math.fround(scale(x) * (value - zeroPoint(x)))) / scale(out))) + zeroPoint(out),
      integerRange(out.tensor.dtype),
    )
  const quantized = call.semantics === 'tflm' ? int8Steps : () => floating
  const one = isFloat(x) ? real : quantized(call)
  for (let at = 0; at < source.length; at++) data[at] = one(source[at]!)
}
