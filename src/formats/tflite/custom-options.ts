import { toReference } from 'flatbuffers/js/flexbuffers.js'
import type { AttributeValue } from '../../graph/graph.ts'

/**
 * Options of the custom operators that milliwatt runs, by operator: names of the FlexBuffers map that TensorFlow Lite
 * Micro's signal library reads.
 */
const optionNames: Readonly<Record<string, string>> = {
  SignalDelay: 'delay_length',
  SignalEnergy: 'end_index start_index',
  SignalFftAutoScale: '',
  SignalFilterBank: 'num_channels',
  SignalFilterBankLog: 'input_correction_bits output_scale',
  SignalFilterBankSpectralSubtraction:
    'alternate_one_minus_smoothing alternate_smoothing clamping min_signal_remaining num_channels one_minus_smoothing smoothing smoothing_bits spectral_subtraction_bits',
  SignalFilterBankSquareRoot: '',
  SignalFramer: 'frame_size frame_step prefill',
  SignalIrfft: 'fft_length',
  SignalOverlapAdd: 'frame_step',
  SignalPCAN: 'snr_shift',
  SignalRfft: 'fft_length',
  SignalStacker: 'num_channels stacker_left_context stacker_right_context stacker_step',
  SignalWindow: 'shift',
}

const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** Bytes that are no such map, and names that the map has not got, count as absent. */
function numberIn(bytes: Uint8Array, name: string): number | null {
  try {
    // `get` takes names, though its types say only indices; `toObject` would follow cycles.
    const value = toReference(bytes.slice().buffer).get(name as unknown as number)
    const number = value.isBool() ? value.boolValue() : value.numericValue()
    return number === null ? null : Number(number)
  } catch {
    return null
  }
}

/** The options of a custom operator as attributes in camel case; none where milliwatt does not know the operator. */
export function readCustomOptions(op: string, bytes: Uint8Array | null): Readonly<Record<string, AttributeValue>> {
  const names = bytes && Object.hasOwn(optionNames, op) ? optionNames[op]!.split(' ').filter((name) => name !== '') : []
  const values = names.map((name) => [camelCase(name), numberIn(bytes!, name)] as const)
  return Object.fromEntries(values.filter((entry): entry is readonly [string, number] => entry[1] !== null))
}
