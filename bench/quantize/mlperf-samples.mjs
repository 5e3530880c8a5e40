// Spoken commands as MLPerf Tiny's keyword model takes them: tensors with labels in two folders.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const dist = new URL('../../dist/', import.meta.url)
const { decodeAudio } = await import(new URL('audio/decode.js', dist))
const { mlperfTinyFeatures } = await import(new URL('audio/feature-spec.js', dist))
const { createFeatureExtractor } = await import(new URL('audio/features.js', dist))
const { clipWindows } = await import(new URL('audio/clip-window.js', dist))

/** Outputs of MLPerf Tiny's keyword model in their order. */
const labels = ['down', 'go', 'left', 'no', 'off', 'on', 'right', 'stop', 'up', 'yes', 'silence', 'unknown']

/** A float32 array as NumPy would save it. */
function npy(values) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`
  const header = `${text.padEnd(64 * Math.ceil((11 + text.length) / 64) - 11)}\n`
  const bytes = Buffer.alloc(10 + header.length + values.byteLength)
  bytes.write('\x93NUMPY\x01\x00', 'latin1')
  bytes.writeUInt16LE(header.length, 8)
  bytes.write(header, 10, 'latin1')
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).copy(bytes, 10 + header.length)
  return bytes
}

/** Writes features of every spoken command, even ones to calibrate with and odd ones to judge on. */
export async function mlperfSamples(data, folder) {
  const rows = (await readFile(join(data, 'manifest.csv'), 'utf8')).trim().split('\n')
  const columns = rows[0].trim().split(',')
  const at = (row, name) => row.split(',')[columns.indexOf(name)]
  const words = rows.slice(1).filter((row) => at(row, 'path').startsWith('words_sc/') && at(row, 'kind') === 'word')
  const extractor = createFeatureExtractor(mlperfTinyFeatures)
  const sets = { calibrate: join(folder, 'calibrate'), evaluate: join(folder, 'evaluate') }
  const tables = { calibrate: ['path,label'], evaluate: ['path,label'] }
  for (const path of Object.values(sets)) await mkdir(path, { recursive: true })
  const inputs = []
  for (const [index, row] of words.entries()) {
    const path = at(row, 'path')
    const { samples, sampleRateHz } = await decodeAudio(await readFile(join(data, path)), path)
    const [window] = clipWindows(samples, extractor.clipSamples, sampleRateHz, 1)
    const values = extractor.extract(window.samples)
    const set = index % 2 === 0 ? 'calibrate' : 'evaluate'
    const label = labels.indexOf(at(row, 'label'))
    await writeFile(join(sets[set], `${index}.npy`), npy(values))
    tables[set].push(`${index}.npy,${label === -1 ? labels.indexOf('unknown') : label}`)
    if (set === 'evaluate') inputs.push(values)
  }
  for (const [set, lines] of Object.entries(tables))
    await writeFile(join(sets[set], 'labels.csv'), `${lines.join('\n')}\n`)
  return { ...sets, inputs }
}
