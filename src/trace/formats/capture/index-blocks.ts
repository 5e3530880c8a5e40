import type { FileReader } from '../../../core/host.ts'
import { blockHeadBytes, type CaptureBlock, isPayloadSound, readBlockHead } from '../../capture-block.ts'

/** A block of samples and where it lies in the file. */
export interface PlacedBlock extends CaptureBlock {
  readonly offset: number
}

/** What a walk over a capture's blocks found. */
export interface BlockIndex {
  readonly samples: readonly PlacedBlock[]
  /** Payloads of the header and of the marks, as text. */
  readonly header: string | null
  readonly marks: readonly string[]
  /** Bytes after the last whole block. */
  readonly strayBytes: number
  /** Version of a block that a newer milliwatt wrote; null when there is none. */
  readonly newerVersion: number | null
}

/** Walks from block to block up to the first that is not whole. Samples are not read, except of the last block. */
export async function indexBlocks(reader: FileReader): Promise<BlockIndex> {
  const samples: PlacedBlock[] = []
  const marks: string[] = []
  let header: string | null = null
  let newerVersion: number | null = null
  let offset = 0
  while (offset + blockHeadBytes <= reader.sizeBytes) {
    const head = readBlockHead(await reader.read(offset, offset + blockHeadBytes))
    if (head === null) break
    if ('version' in head) {
      newerVersion = head.version
      break
    }
    const end = offset + blockHeadBytes + head.payloadBytes
    if (end > reader.sizeBytes) break
    if (head.kind !== 'samples' || end === reader.sizeBytes) {
      const block = await reader.read(offset, end)
      if (!isPayloadSound(block)) break
      const text = () => new TextDecoder().decode(block.subarray(blockHeadBytes))
      if (head.kind === 'header') header ??= text()
      if (head.kind === 'mark') marks.push(text())
    }
    if (head.kind === 'samples') samples.push({ ...head, offset })
    offset = end
  }
  return { samples: inOrder(samples), header, marks, strayBytes: reader.sizeBytes - offset, newerVersion }
}

/** Blocks that begin before the one before them has ended are damage. */
function inOrder(blocks: readonly PlacedBlock[]): readonly PlacedBlock[] {
  let end = 0
  return blocks.filter((block) => {
    if (block.firstIndex < end) return false
    end = block.firstIndex + block.samples
    return true
  })
}
