import type { Requantization } from '../program.ts'
import { patchChannel } from '../requantize-patch.ts'
import { proveFloatForm } from '../requantize-proof.ts'
import type { CFields, CWriter } from './c-writer.ts'

/** Lanes of a vector: channels or outputs that kernels take at once. */
export const lanes = 16

/** Requantisation of one channel by the vector kernels: a form of `mw_form` with its constants. */
interface Channel {
  readonly form: 'scale' | 'offset' | 'patch' | 'fixed'
  readonly scale: number
  readonly offset: number
  /** The accumulator where the float form is wrong, and by how much. */
  readonly patch: number
  readonly patchedBy: number
}

const plain = { offset: 0, patch: -(2 ** 31), patchedBy: 0 } as const

/** Products that a conversion to int32 takes. */
const largest = 2 ** 30

/** Whether the vector kernels can requantise a layer: float scales whose products stay far below 2^31, or fixed point. */
export function fitsBlocks(r: Requantization): boolean {
  if (r.semantics === 'tflm') return true
  return r.scales.every((scale, channel) => {
    const most = Math.max(Math.abs(r.low[channel]!), Math.abs(r.high[channel]!))
    return most < largest && most * scale < largest
  })
}

function channelsOf(r: Requantization): { readonly signed: boolean; readonly channels: readonly Channel[] } {
  if (r.semantics === 'fp32')
    return { signed: false, channels: Array.from(r.scales, (scale) => ({ ...plain, form: 'scale', scale })) }
  const proved = proveFloatForm(r)
  const channels = proved.tiers.map((tier, channel): Channel => {
    if (tier === 'f32')
      return { ...plain, form: 'offset', scale: proved.scales[channel]!, offset: proved.offsets[channel]! }
    const patched = patchChannel(r, channel, proved.signed)
    return patched ? { form: 'patch', ...patched } : { ...plain, form: 'fixed', scale: 0 }
  })
  return { signed: proved.signed, channels }
}

/** The form of a block: the strongest that one of its channels needs. */
function formOf(channels: readonly Channel[], signed: boolean): string {
  const needs = (form: Channel['form']) => channels.some((channel) => channel.form === form)
  if (needs('fixed')) return 'MW_FORM_FIXED'
  if (needs('patch')) return signed ? 'MW_FORM_SIGNED_PATCH' : 'MW_FORM_PATCH'
  if (needs('scale')) return 'MW_FORM_SCALE'
  return signed ? 'MW_FORM_SIGNED' : 'MW_FORM_OFFSET'
}

/** What a channel's accumulator starts at: its bias less the zero points' part, and the sum of its weights. */
export interface Start {
  readonly bias: number
  readonly weights: number
}

/**
 * Writes the constants of a layer's requantisation in blocks of 16 lanes. `channelOf` says which channel a lane
 * computes; null for none. Returns the fields of `mw_blocks`.
 */
export function blockFields(
  writer: CWriter,
  r: Requantization,
  blocks: number,
  channelOf: (lane: number) => number | null,
  startOf: (channel: number) => Start,
): CFields {
  const { signed, channels } = channelsOf(r)
  const order = Array.from({ length: blocks * lanes }, (_, lane) => channelOf(lane))
  const each = <T>(of: (channel: number) => T, none: T) => order.map((at) => (at === null ? none : of(at)))
  const forms = Array.from({ length: blocks }, (_, block) => {
    const used = order.slice(block * lanes, (block + 1) * lanes).flatMap((at) => (at === null ? [] : channels[at]!))
    return formOf(used, signed)
  })
  const has = (form: string) => forms.some((one) => one.includes(form))
  const starts = each((at) => {
    const { bias, weights } = startOf(at)
    return `MW_BIAS(${bias}, ${weights})`
  }, '0')
  const floats = (name: string, needed: boolean, of: (channel: Channel) => number) =>
    needed
      ? writer.table(
          name,
          'float',
          each((at) => of(channels[at]!), 0),
        )
      : 'NULL'
  const integers = (name: string, needed: boolean, of: (channel: number) => number) =>
    needed ? writer.table(name, 'int32_t', each(of, 0)) : 'NULL'
  return {
    bias: writer.rows('bias', 'int32_t', starts, 4 * starts.length),
    scales: floats('scales', true, ({ scale }) => scale),
    offsets: floats('offsets', r.semantics === 'tflm', ({ offset }) => offset),
    patches: integers('patches', has('PATCH'), (at) => channels[at]!.patch),
    patched_by: integers('patched_by', has('PATCH'), (at) => channels[at]!.patchedBy),
    multipliers: integers('multipliers', has('FIXED'), (at) => r.multipliers[at]!),
    shifts: integers('shifts', has('FIXED'), (at) => r.shifts[at]!),
    forms: writer.rows('forms', 'uint8_t', forms, forms.length),
    zero: r.zeroPoint,
    min: r.min,
    max: r.max,
  }
}

/** Fields as an initialiser inside another struct. */
export function inner(fields: CFields): string {
  return `{${Object.entries(fields)
    .map(([field, value]) => `.${field} = ${value}`)
    .join(', ')}}`
}

/** What the accumulators of a layer start at, from its weights by channel. */
export function startsOf(
  r: Requantization,
  zeroPoint: number,
  weightsOf: (channel: number) => Iterable<number>,
): (channel: number) => Start {
  return (channel) => {
    let weights = 0
    for (const weight of weightsOf(channel)) weights += weight
    return { bias: (r.bias[channel]! - zeroPoint * weights) | 0, weights }
  }
}
