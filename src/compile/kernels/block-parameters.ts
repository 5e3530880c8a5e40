import type { Requantization } from '../program.ts'
import { type FloatForm, proveFloatForm, type Tier } from '../requantize-proof.ts'
import type { EmitContext } from './context.ts'

/**
 * Parameters of a layer in blocks of channels, one block behind the other: bias, scales, offsets, and where the
 * constants of its tier lie. Byte offsets inside a block; null where a layer has none of it.
 */
export interface BlockParameters {
  readonly bytes: Uint8Array
  readonly blockBytes: number
  readonly signed: boolean
  readonly scales: number
  readonly offsets: number | null
  /** Two i32: the tier's flag, and the address of its constants. */
  readonly tier: number | null
  /** Products may be too large to be rounded by adding the magic number, so they are clamped first. */
  readonly clampFirst: boolean
  /** Tiers that blocks of this layer take. */
  readonly tiers: ReadonlySet<Tier>
}

/** What the flag holds. */
export const tierFlags: Readonly<Record<Tier, number>> = { f32: 0, f64: 1, fixed: 2 }

const order: readonly Tier[] = ['f32', 'f64', 'fixed']

function floatFormOf(r: Requantization): FloatForm {
  if (r.semantics === 'tflm') return proveFloatForm(r)
  const none = new Float64Array(0)
  const tiers = Array.from(r.bias, (): Tier => 'f32')
  return { signed: false, scales: r.scales, offsets: new Float32Array(0), wideScales: none, wideOffsets: none, tiers }
}

/** Constants of a slow tier: float64 scales and offsets, or multipliers and shifts; padded to whole blocks. */
function tierConstants(
  tier: Tier,
  channels: readonly number[],
  r: Requantization,
  form: FloatForm,
  context: EmitContext,
): number {
  const of = (values: Float64Array | Int32Array) => channels.map((channel) => values[channel] ?? 0)
  if (tier === 'f64') return context.constant(Float64Array.from([...of(form.wideScales), ...of(form.wideOffsets)]))
  if (tier === 'fixed') return context.constant(Int32Array.from([...of(r.multipliers), ...of(r.shifts)]))
  return 0
}

/** Packs requantisation parameters in blocks of `channels` channels; missing ones are zero. */
export function packParameters(
  context: EmitContext,
  r: Requantization,
  channels: number,
  bias: Int32Array = r.bias,
): BlockParameters {
  const form = floatFormOf(r)
  const count = r.bias.length
  const blocks = Math.ceil(count / channels)
  const blockTiers = Array.from({ length: blocks }, (_, block): Tier => {
    const inside = form.tiers.slice(block * channels, (block + 1) * channels)
    return order[Math.max(...inside.map((tier) => order.indexOf(tier)))]!
  })
  const tiers = new Set(blockTiers)
  let end = 0
  const reserve = (bytes: number) => {
    end += bytes
    return end - bytes
  }
  reserve(4 * channels)
  const scales = reserve(4 * channels)
  const offsets = r.semantics === 'tflm' ? reserve(4 * channels) : null
  const tier = tiers.has('f64') || tiers.has('fixed') ? reserve(16) : null
  const view = new DataView(new ArrayBuffer(blocks * end))
  for (let channel = 0; channel < count; channel++) {
    const lane = channel % channels
    const at = Math.floor(channel / channels) * end
    view.setInt32(at + 4 * lane, bias[channel]!, true)
    view.setFloat32(at + scales + 4 * lane, form.scales[channel]!, true)
    if (offsets !== null) view.setFloat32(at + offsets + 4 * lane, form.offsets[channel]!, true)
  }
  if (tier !== null)
    blockTiers.forEach((name, block) => {
      view.setInt32(block * end + tier, tierFlags[name], true)
      const lanes = Array.from({ length: channels }, (_, lane) => block * channels + lane)
      view.setInt32(block * end + tier + 4, tierConstants(name, lanes, r, form, context), true)
    })
  const reach = (channel: number) =>
    Math.max(Math.abs(r.low[channel]!), Math.abs(r.high[channel]!)) * Math.abs(r.scales[channel]!)
  const clampFirst = r.semantics === 'fp32' && Array.from(r.bias.keys()).some((channel) => !(reach(channel) < 2 ** 21))
  return {
    clampFirst,
    bytes: new Uint8Array(view.buffer),
    blockBytes: end,
    signed: form.signed,
    scales,
    offsets,
    tier,
    tiers,
  }
}
