import { decodePcm } from '../audio/decode.ts'
import type { Card } from '../catalogue/card.ts'
import type { Host } from '../core/host.ts'
import { type ClipSource, findClips } from '../loop/clips.ts'
import type { RunOptions } from './run-options.ts'

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The recordings of a run: what `--input` names, else the clips that ship with the model. */
export async function runClips(
  host: Host,
  options: RunOptions,
  card: Card,
  modelFolder: string,
): Promise<readonly ClipSource[]> {
  if (options.input === '-') {
    const layout = { sampleRateHz: options.rate, channels: options.channels, encoding: options.encoding }
    const recording = decodePcm(await readStandardInput(), layout, 'standard input')
    return [{ clip: 'standard input', read: async () => recording }]
  }
  return findClips(host, options.input ?? host.files.join(modelFolder, 'clips'), card, options.split)
}
