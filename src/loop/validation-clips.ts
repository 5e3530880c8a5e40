import { parse } from 'csv-parse/sync'
import { decodeAudio } from '../audio/decode.ts'
import { resample } from '../audio/resample.ts'
import type { Card } from '../catalogue/card.ts'
import { keywordsOf } from '../catalogue/detector-settings.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'

/** A recording of the validation data, decoded. */
export interface ValidationClip {
  readonly path: string
  readonly label: string
  readonly samples: Float32Array
  /** The spoken keyword, in samples; the whole clip where the manifest does not say. */
  readonly from: number
  readonly to: number
}

/** Validation audio by what it is for. */
export interface ValidationClips {
  readonly keywords: readonly ValidationClip[]
  /** Speech and words that hold no keyword. */
  readonly others: readonly ValidationClip[]
  readonly noises: readonly ValidationClip[]
}

/** Which clips to take. */
export interface ValidationChoice {
  readonly folder: string
  readonly split: string
  /** Beginnings of the names of noise files; all of the split, or of any where the split has none. */
  readonly noises?: readonly string[]
}

interface Row {
  readonly path: string
  readonly split?: string
  readonly kind?: string
  readonly label?: string
  readonly kw_start?: string
  readonly kw_end?: string
}

async function readRows(host: Host, folder: string): Promise<readonly Row[]> {
  const path = host.files.join(host.files.resolve(folder), 'manifest.csv')
  let text: string
  try {
    text = await host.files.readText(path)
  } catch (error) {
    throw new MilliwattError('VALIDATION_DATA', folder, 'It has no manifest.csv.', error)
  }
  const rows = parse<Row>(text, { columns: true, skip_empty_lines: true })
  if (rows.every((row) => row.path)) return rows
  throw new MilliwattError('VALIDATION_DATA', path, 'It has no column path.')
}

function noiseRows(rows: readonly Row[], { split, noises }: ValidationChoice): readonly Row[] {
  const all = rows.filter((row) => row.kind === 'noise')
  if (noises) return all.filter(({ path }) => noises.some((name) => path.split('/').at(-1)!.startsWith(name)))
  const own = all.filter((row) => row.split === split)
  return own.length > 0 ? own : all
}

async function readClip(host: Host, folder: string, row: Row, sampleRateHz: number): Promise<ValidationClip> {
  const path = host.files.join(host.files.resolve(folder), row.path)
  let bytes: Uint8Array
  try {
    bytes = await host.files.readBytes(path)
  } catch (error) {
    throw new MilliwattError('CLIP_NOT_FOUND', path, undefined, error)
  }
  const { samples } = await resample(await decodeAudio(bytes, path), sampleRateHz)
  const place = (text: string | undefined, otherwise: number) =>
    text ? Math.min(samples.length, Math.round(Number(text) * sampleRateHz)) : otherwise
  const [from, to] = [place(row.kw_start, 0), place(row.kw_end, samples.length)]
  return { path: row.path, label: row.label ?? '', samples, from, to }
}

function check(
  card: Card,
  { folder, split }: ValidationChoice,
  keywords: readonly Row[],
  others: readonly Row[],
): void {
  const missing = keywordsOf(card).filter((keyword) => !keywords.some(({ label }) => label === keyword))
  const where = `${folder}, split ${split}`
  if (keywords.length === 0)
    throw new MilliwattError('VALIDATION_DATA', where, `No clip has one of the labels ${keywordsOf(card).join(', ')}.`)
  if (missing.length > 0) throw new MilliwattError('VALIDATION_DATA', where, `No clip of ${missing.join(', ')}.`)
  if (others.length === 0) throw new MilliwattError('VALIDATION_DATA', where, 'No clip is without a keyword.')
}

/** Reads the validation audio of a card. @throws MilliwattError VALIDATION_DATA, CLIP_* */
export async function readValidationClips(host: Host, card: Card, choice: ValidationChoice): Promise<ValidationClips> {
  const rows = await readRows(host, choice.folder)
  const own = rows.filter((row) => (row.split ?? choice.split) === choice.split && row.kind !== 'noise')
  const isKeyword = ({ label }: Row) => label !== undefined && keywordsOf(card).includes(label)
  const [keywords, others] = [own.filter(isKeyword), own.filter((row) => !isKeyword(row))]
  check(card, choice, keywords, others)
  const read = async (chosen: readonly Row[]) => {
    const clips: ValidationClip[] = []
    for (const row of chosen) clips.push(await readClip(host, choice.folder, row, card.features.sampleRateHz))
    return clips
  }
  return {
    keywords: await read(keywords),
    others: await read(others),
    noises: await read(noiseRows(rows, choice)),
  }
}
