import { z } from 'zod'
import { featureShape } from '../../audio/feature-spec.ts'
import type { Catalogue } from '../../catalogue/load.ts'
import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'

/** Features of what a new word is told from: a window each, and what is said in it. */
export interface OtherWindows {
  /** The word of each window, or several joined by "+"; null for running speech and noise. */
  readonly words: readonly (string | null)[]
  /** Of a window, in the units of the net's input; used again by the next call. */
  features(at: number): Float32Array
}

/**
 * First line of the file, as JSON; behind it int8 features, window by window, to be multiplied with `step`. Version 1 is the
 * first, others are refused.
 */
const header = z.strictObject({
  version: z.literal(1),
  kind: z.literal('milliwatt-others'),
  step: z.number().positive(),
  frames: z.number().int().positive(),
  coefficients: z.number().int().positive(),
  words: z.array(z.string().nullable()).min(1),
})

/** Writes the file that `readOthers` reads. @param windows features of each window */
export function writeOthers(
  words: readonly (string | null)[],
  windows: readonly Float32Array[],
  step: number,
  { frames, coefficients }: { readonly frames: number; readonly coefficients: number },
): Uint8Array {
  const head = { version: 1, kind: 'milliwatt-others', step, frames, coefficients, words }
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`)
  const length = frames * coefficients
  const bytes = new Uint8Array(line.length + windows.length * length)
  bytes.set(line)
  const values = new Int8Array(bytes.buffer, line.length)
  windows.forEach((window, at) => {
    window.forEach((value, k) => {
      values[at * length + k] = Math.max(-128, Math.min(127, Math.round(value / step)))
    })
  })
  return bytes
}

function parse(
  bytes: Uint8Array,
  where: string,
): { readonly head: z.infer<typeof header>; readonly values: Int8Array } {
  const end = bytes.indexOf(10)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(0, Math.max(0, end))))
  } catch (error) {
    throw new MilliwattError('ENROL_OTHERS', where, `Its first line is not JSON: ${messageOf(error)}.`, error)
  }
  const head = header.safeParse(json)
  if (!head.success) throw new MilliwattError('ENROL_OTHERS', where, `${z.prettifyError(head.error)}.`)
  return { head: head.data, values: new Int8Array(bytes.subarray(end + 1)) }
}

/**
 * Reads the examples of other speech of a model.
 * @throws MilliwattError ENROL_OTHERS where the card names none, or they are damaged or of other features
 */
export async function readOthers(
  host: Host,
  { card, folder, name }: Catalogue,
): Promise<OtherWindows & { readonly bytes: Uint8Array }> {
  if (!card?.others) throw new MilliwattError('ENROL_OTHERS', name, 'Its card has no field others.')
  const path = host.files.join(folder, card.others.file)
  let bytes: Uint8Array
  try {
    bytes = await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('ENROL_OTHERS', path, messageOf(error), error)
  }
  const sha256 = await host.sha256(bytes)
  if (sha256 !== card.others.sha256)
    throw new MilliwattError(
      'ENROL_OTHERS',
      path,
      `The card says SHA-256 ${card.others.sha256}, the file has ${sha256}.`,
    )
  const { head, values } = parse(bytes, path)
  const { frames } = featureShape(card.features)
  const length = frames * card.features.coefficients
  if (
    head.frames !== frames ||
    head.coefficients !== card.features.coefficients ||
    values.length !== head.words.length * length
  )
    throw new MilliwattError(
      'ENROL_OTHERS',
      path,
      `It holds ${values.length} values, not ${head.words.length} windows of ${length}.`,
    )
  const window = new Float32Array(length)
  return {
    bytes,
    words: head.words,
    features: (at) => {
      for (let k = 0; k < length; k++) window[k] = head.step * values[at * length + k]!
      return window
    },
  }
}
