import { logarithmTable } from '../../../../graph/reference/signal/logarithm.ts'
import { add, binary, convert, int, mul, num, select, sub, unary } from '../../../loops/expressions.ts'
import type { Expression, LoopsStep } from '../../../loops/loops.ts'
import { LoopWriter } from '../../../loops/writer.ts'
import type { State, Value } from '../../../program.ts'
import { attribute, type LowerContext, refuse, toValue } from '../../context.ts'
import { requireScalar, type Source, sourceAt, targetAt } from '../source.ts'

function numbersOf(context: LowerContext, source: Source): readonly number[] {
  if (!source.data) throw refuse(context, `"${source.value.name}" is not constant`)
  return Array.from(source.data as ArrayLike<number>, Number)
}

const low32 = (value: Expression) => binary('and', value, 2 ** 32 - 1)

/** SignalFilterBank: a loop a channel over its bins; what the weights leave goes to the next channel. */
export function lowerFilterBank(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const sources = [0, 1, 2, 3, 4, 5].map((index) => sourceAt(w, context, index))
  const [energies, weights, rests] = sources as [Source, Source, Source]
  const [bins, starts, widths] = sources.slice(3).map((source) => numbersOf(context, source)) as [
    readonly number[],
    readonly number[],
    readonly number[],
  ]
  const out = targetAt(w, context)
  requireScalar(context, 'i64', energies, out)
  const [sum, rest] = [w.number('i64', 0), w.number('i64', 0)]
  for (let channel = 0; channel <= attribute(context, 'numChannels', 0); channel++) {
    if (widths[channel]! > 0)
      w.loop(widths[channel]!, (at) => {
        const energy = w.let(energies.load(add(at, bins[channel]!)))
        const weight = (source: Source) => convert(source.load(add(at, starts[channel]!)), 'i64')
        w.set(sum, add(sum, mul(energy, weight(weights))))
        w.set(rest, add(rest, mul(energy, weight(rests))))
      })
    if (channel > 0) out.store(int(channel - 1), sum)
    w.set(sum, rest)
    w.set(rest, num('i64', 0))
  }
  return w.step(context.node, out.value, 'signal filter bank', 2 * widths.reduce((a, b) => a + b, 0))
}

/** SignalFilterBankSquareRoot: as the interpreter's `roundedSquareRoot`, two bits a turn. */
export function lowerSquareRoot(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, bits, out] = [sourceAt(w, context, 0), sourceAt(w, context, 1), targetAt(w, context)]
  requireScalar(context, 'i64', x, out)
  const shift = w.let(convert(bits.load(int(0)), 'i64'))
  w.loop(x.size, (at) => {
    const number = w.let(x.load(at))
    const rest = w.variable(add(number, num('i64', 0)))
    const root = w.number('i64', 0)
    const bit = w.number('i64', 2 ** 62)
    w.loop(32, () => {
      const trial = w.let(add(root, bit))
      w.set(root, binary('shr_u', root, 1))
      w.if(
        binary('lt_u', rest, trial),
        () => {},
        () => {
          w.set(rest, sub(rest, trial))
          w.set(root, add(root, bit))
        },
      )
      w.set(bit, binary('shr_u', bit, 2))
    })
    const most = select(binary('eq', binary('shr_u', number, 32), 0), num('i64', 0xffff), 2 ** 32 - 1)
    const up = binary('and', binary('lt_u', root, rest), binary('ne', root, most))
    out.store(at, binary('shr_u', add(root, convert(up, 'i64')), shift))
  })
  return w.step(context.node, out.value, 'signal square root')
}

/** The noise estimate that SignalFilterBankSpectralSubtraction keeps. */
export function noiseState({ graph, node }: Pick<LowerContext, 'graph' | 'node'>): State {
  const estimate = toValue(graph.tensors.get(node.outputs[1]!)!)
  const value: Value = { ...estimate, name: `${estimate.name}/state` }
  return { value, initial: new Uint8Array(4 * value.shape.reduce((a, b) => a * b, 1)) }
}

/** The signal with its extra bits, as a uint32 in i64. */
const scaledUp = (context: LowerContext, signal: Expression) =>
  low32(binary('shl', signal, attribute(context, 'smoothingBits', 0)))

const smaller = (w: LoopWriter, a: Expression, b: Expression) => {
  const [x, y] = [w.let(a), w.let(b)]
  return w.let(select(binary('lt', x, y), x, y))
}

/** The estimate moves towards the signal: even and odd channels at their own pace. */
function lowerNoise(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const signal = sourceAt(w, context, 0)
  requireScalar(context, 'i64', signal)
  const { value } = noiseState(context)
  const noise = w.value(value)
  const factors = (even: string, odd: string) => w.integers([attribute(context, even, 0), attribute(context, odd, 0)])
  const newer = factors('smoothing', 'alternateSmoothing')
  const older = factors('oneMinusSmoothing', 'alternateOneMinusSmoothing')
  const bits = attribute(context, 'spectralSubtractionBits', 0)
  w.loop(signal.size, (at) => {
    const parity = w.let(binary('and', at, 1))
    const factor = (list: number) => convert(w.load(list, parity), 'i64')
    const scaled = w.let(scaledUp(context, signal.load(at)))
    const sum = add(mul(scaled, factor(newer)), mul(w.load(noise, at), factor(older)))
    const level = w.let(low32(binary('shr_u', sum, bits)))
    w.store(noise, at, attribute(context, 'clamping', 0) !== 0 ? smaller(w, level, scaled) : level)
  })
  return w.step(context.node, value, 'signal noise estimate')
}

/** SignalFilterBankSpectralSubtraction: estimate, its copy as second output, the signal less the estimate. */
export function lowerSpectralSubtraction(context: LowerContext): readonly LoopsStep[] {
  const copy = new LoopWriter()
  const estimate = targetAt(copy, context, 1)
  const noise = noiseState(context).value
  const from = copy.value(noise)
  copy.loop(estimate.size, (at) => estimate.store(at, copy.load(from, at)))
  const w = new LoopWriter()
  const [signal, out, level] = [sourceAt(w, context, 0), targetAt(w, context), w.value(noise)]
  const remaining = attribute(context, 'minSignalRemaining', 0)
  w.loop(signal.size, (at) => {
    const value = w.let(signal.load(at))
    const scaled = w.let(scaledUp(context, value))
    const rest = sub(scaled, smaller(w, w.load(level, at), scaled))
    const subtracted = w.let(binary('shr_u', rest, attribute(context, 'smoothingBits', 0)))
    const bits = attribute(context, 'spectralSubtractionBits', 0)
    const least = w.let(low32(binary('shr_u', mul(value, remaining), bits)))
    out.store(at, select(binary('gt', subtracted, least), subtracted, least))
  })
  return [
    lowerNoise(context),
    copy.step(context.node, estimate.value, 'signal noise copy'),
    w.step(context.node, out.value, 'signal subtraction'),
  ]
}

/** One parabola an octave, as the interpreter's `wideDynamicFunction`, set in `result`. */
function setGain(w: LoopWriter, table: Source, x: Expression, result: ReturnType<LoopWriter['number']>): void {
  w.if(
    binary('lt_u', x, 3),
    () => w.set(result, table.load(x)),
    () => {
      const interval = w.let(sub(int(32), unary('clz', x)))
      const at = w.let(sub(mul(interval, 4), 6))
      const left = binary('shl', x, sub(int(11), interval))
      const right = binary('shr_u', x, sub(interval, 11))
      const fraction = w.let(binary('and', select(binary('lt', interval, 11), left, right), 0x3ff))
      const bend = binary('shr', mul(table.load(add(at, 2)), fraction), 5)
      const steep = add(bend, binary('shl', table.load(add(at, 1)), 5))
      const raised = binary('shr', add(mul(steep, fraction), 1 << 14), 15)
      w.set(result, binary('shr', binary('shl', add(raised, table.load(at)), 16), 16))
    },
  )
}

/** SignalPCAN: gain by the noise estimate, then x² / 4 below 2 and x − 1 above. */
export function lowerPcan(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [signal, noise, table] = [0, 1, 2].map((index) => sourceAt(w, context, index)) as [Source, Source, Source]
  const out = targetAt(w, context)
  requireScalar(context, 'i64', signal, noise, out)
  requireScalar(context, 'i32', table)
  const gain = w.number('i32', 0)
  w.loop(signal.size, (at) => {
    setGain(w, table, w.let(convert(noise.load(at), 'i32')), gain)
    const product = mul(signal.load(at), convert(gain, 'i64', true))
    const ratio = w.let(convert(binary('shr_u', product, attribute(context, 'snrShift', 0)), 'i32'))
    const below = binary('shr_u', mul(ratio, ratio), 20)
    const above = sub(binary('shr_u', ratio, 6), 64)
    out.store(at, convert(select(binary('lt_u', ratio, 8192), below, above), 'i64', true))
  })
  return w.step(context.node, out.value, 'signal gain control')
}

/** SignalFilterBankLog: as the interpreter's `scaledLogarithm`. */
export function lowerFilterBankLog(context: LowerContext): LoopsStep {
  const w = new LoopWriter()
  const [x, out] = [sourceAt(w, context, 0), targetAt(w, context)]
  requireScalar(context, 'i64', x)
  requireScalar(context, 'i32', out)
  const table = w.integers(logarithmTable)
  const [bits, scale] = [attribute(context, 'inputCorrectionBits', 0), attribute(context, 'outputScale', 0)]
  w.loop(x.size, (at) => {
    const value = w.let(binary('shl', convert(x.load(at), 'i32'), bits))
    w.if(
      binary('lt_u', value, 2),
      () => out.store(at, int(0)),
      () => {
        const place = w.let(sub(int(31), unary('clz', value)))
        const above = w.let(sub(value, binary('shl', int(1), place)))
        const wide = binary('shl', above, sub(int(16), place))
        const narrow = binary('shr_u', above, sub(place, 16))
        const fraction = w.let(select(binary('lt', place, 16), wide, narrow))
        const segment = w.let(binary('shr_u', fraction, 9))
        const from = w.let(w.load(table, segment))
        const slope = sub(w.load(table, add(segment, 1)), from)
        const inside = binary('shr', mul(slope, sub(fraction, mul(segment, 512))), 16)
        const log2 = add(add(binary('shl', place, 16), fraction), add(from, inside))
        const natural = binary('shr', add(mul(convert(log2, 'i64'), 45426), 32768), 16)
        const scaled = w.let(binary('shr_u', add(mul(convert(natural, 'i32'), scale), 32768), 16))
        out.store(at, select(binary('gt', scaled, 32767), int(32767), scaled))
      },
    )
  })
  return w.step(context.node, out.value, 'signal logarithm')
}
