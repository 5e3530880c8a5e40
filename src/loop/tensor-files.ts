import { parse } from 'csv-parse/sync'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { readNpy } from '../formats/npy.ts'
import { filesBelow } from './files-below.ts'
import type { LabelledSample } from './labelled-samples.ts'

const tensorName = /\.(npy|bin)$/i

interface LabelRow {
  readonly path: string
  readonly label: string
}

/** Labels by path, from `labels.csv` (columns path, label); none without that file. */
async function labelsOf(host: Host, folder: string): Promise<ReadonlyMap<string, string>> {
  const path = host.files.join(folder, 'labels.csv')
  if ((await host.files.stat(path))?.kind !== 'file') return new Map()
  const rows = parse<LabelRow>(await host.files.readText(path), { columns: true, skip_empty_lines: true })
  if (!rows.every(({ path: file, label }) => file && label))
    throw new MilliwattError('CALIBRATION_DATA', path, 'It wants the columns path and label.')
  return new Map(rows.map(({ path: file, label }) => [file, label]))
}

function floatsOf(bytes: Uint8Array, path: string): Float32Array {
  if (path.toLowerCase().endsWith('.npy')) return readNpy(bytes, path).values
  if (bytes.length % 4 !== 0)
    throw new MilliwattError('CALIBRATION_DATA', path, `It holds ${bytes.length} bytes, no whole number of float32.`)
  return new Float32Array(bytes.slice().buffer)
}

/** The inputs of the inference that begins at an element. */
function cutAt(values: Float32Array, at: number, lengths: readonly number[]): readonly Float32Array[] {
  const inputs: Float32Array[] = []
  let from = at
  for (const length of lengths) {
    inputs.push(values.slice(from, from + length))
    from += length
  }
  return inputs
}

/** A name that is a number is the index of the output that should be largest. */
function folderLabel(path: string): string | undefined {
  const parent = path.split('/').at(-2)
  return parent !== undefined && /^\d+$/.test(parent) ? parent : undefined
}

/**
 * Reads inputs of a model from the .npy and .bin (float32, little-endian) files below a folder: in each, the inputs of one
 * inference after another. Labels, the index of the output that should be largest, come from `labels.csv` (columns path,
 * label) or from subfolders that are called by it.
 * @param lengths elements of each input of the model
 * @throws MilliwattError CALIBRATION_DATA
 */
export async function readTensorFiles(
  host: Host,
  folder: string,
  lengths: readonly number[],
): Promise<readonly LabelledSample[]> {
  const root = host.files.resolve(folder)
  if ((await host.files.stat(root))?.kind !== 'folder')
    throw new MilliwattError('CALIBRATION_DATA', folder, 'There is no such folder.')
  const paths = await filesBelow(host, root, tensorName)
  if (paths.length === 0) throw new MilliwattError('CALIBRATION_DATA', folder, 'It holds no .npy and no .bin file.')
  const labels = await labelsOf(host, root)
  const whole = lengths.reduce((sum, length) => sum + length, 0)
  const samples: LabelledSample[] = []
  for (const path of paths) {
    const values = floatsOf(await host.files.readBytes(host.files.join(root, path)), path)
    if (values.length === 0 || values.length % whole !== 0)
      throw new MilliwattError(
        'CALIBRATION_DATA',
        path,
        `It holds ${values.length} values; one inference wants ${whole}.`,
      )
    const expected = labels.get(path) ?? folderLabel(path)
    for (let at = 0; at < values.length; at += whole) {
      const inputs = cutAt(values, at, lengths)
      const clip = values.length === whole ? path : `${path}[${at / whole}]`
      samples.push({ clip, ...(expected === undefined ? {} : { expected }), inputs })
    }
  }
  return samples
}
