import type { Requantization } from '../program.ts'
import { type FloatForm, proveFloatForm } from '../requantize-proof.ts'

/**
 * Parameters of a layer in blocks of channels, one block behind the other: bias, scales and, where needed, offsets,
 * multipliers, shifts, and a flag that asks for the exact form. Byte offsets inside a block; null where a layer has
 * none of it.
 */
export interface BlockParameters {
  readonly bytes: Uint8Array
  readonly blockBytes: number
  readonly signed: boolean
  readonly scales: number
  readonly offsets: number | null
  readonly exact: { readonly multipliers: number; readonly shifts: number; readonly flag: number } | null
  /** No block has a proved float form. */
  readonly onlyExact: boolean
  /** Channels without a proved float form. */
  readonly exactChannels: number
}

function floatFormOf(r: Requantization): FloatForm {
  if (r.semantics === 'tflm') return proveFloatForm(r)
  return { signed: false, scales: r.scales, offsets: new Float32Array(r.bias.length), proved: r.bias.length ? [] : [] }
}

/** Packs requantisation parameters in blocks of `channels` channels; missing ones are zero. */
export function packParameters(r: Requantization, channels: number): BlockParameters {
  const form = floatFormOf(r)
  const count = r.bias.length
  const blocks = Math.ceil(count / channels)
  const failed = (channel: number) => form.proved[channel] === false
  const failedBlock = (block: number) =>
    Array.from({ length: channels }, (_, lane) => block * channels + lane).some((channel) => failed(channel))
  const exactBlocks = Array.from({ length: blocks }, (_, block) => failedBlock(block))
  const anyExact = exactBlocks.some(Boolean)
  const section = 4 * channels
  const offsets = r.semantics === 'tflm' ? 2 * section : null
  const behind = offsets === null ? 2 * section : 3 * section
  const exact = anyExact ? { multipliers: behind, shifts: behind + section, flag: behind + 2 * section } : null
  const blockBytes = exact ? Math.ceil((exact.flag + 4) / 16) * 16 : behind
  const view = new DataView(new ArrayBuffer(blocks * blockBytes))
  for (let channel = 0; channel < count; channel++) {
    const at = Math.floor(channel / channels) * blockBytes + 4 * (channel % channels)
    view.setInt32(at, r.bias[channel]!, true)
    view.setFloat32(at + section, form.scales[channel]!, true)
    if (offsets !== null) view.setFloat32(at + offsets, form.offsets[channel]!, true)
    if (exact) {
      view.setInt32(at + exact.multipliers, r.multipliers[channel]!, true)
      view.setInt32(at + exact.shifts, r.shifts[channel]!, true)
    }
  }
  if (exact)
    for (let block = 0; block < blocks; block++)
      view.setInt32(block * blockBytes + exact.flag, exactBlocks[block] ? 1 : 0, true)
  return {
    bytes: new Uint8Array(view.buffer),
    blockBytes,
    signed: form.signed,
    scales: section,
    offsets,
    exact,
    onlyExact: exactBlocks.every(Boolean),
    exactChannels: form.proved.filter((ok) => !ok).length,
  }
}
