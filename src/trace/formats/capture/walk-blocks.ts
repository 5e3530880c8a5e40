import type { FileReader } from '../../../core/host.ts'
import { blockHeadBytes, type CaptureBlock, isPayloadSound, readBlockHead } from '../../capture-block.ts'
import { SlidingWindow } from './sliding-window.ts'

/** What a walk over a capture's blocks found. A recording with many gaps has millions of them, so none is kept. */
export interface BlockSurvey {
  /** Samples in all blocks, and the index of the first; null where there is none. */
  readonly sampleCount: number
  readonly firstIndex: number | null
  /** Payloads of the header and of the marks, as text. */
  readonly header: string | null
  readonly marks: readonly string[]
  /** End of the last whole block. */
  readonly endOffset: number
  /** Bytes after it. */
  readonly strayBytes: number
  /** Version of a block that a newer milliwatt wrote; null when there is none. */
  readonly newerVersion: number | null
}

/** Bytes that are read at a time for heads alone, and with their payloads. */
const [headReadBytes, blockReadBytes] = [4096, 256 * 1024]

/** Tells blocks of samples that begin before the one before them has ended: they are damage. */
function inOrder(): (block: CaptureBlock) => boolean {
  let end = 0
  return (block) => {
    if (block.firstIndex < end) return false
    end = block.firstIndex + block.samples
    return true
  }
}

/** Walks from block to block up to the first that is not whole. Samples are not read, except of the last block. */
export async function surveyBlocks(reader: FileReader): Promise<BlockSurvey> {
  const window = new SlidingWindow(reader, headReadBytes)
  const isInOrder = inOrder()
  const marks: string[] = []
  let [sampleCount, firstIndex, header, newerVersion]: [number, number | null, string | null, number | null] = [
    0,
    null,
    null,
    null,
  ]
  let offset = 0
  while (offset + blockHeadBytes <= reader.sizeBytes) {
    const head = readBlockHead(await window.bytes(offset, offset + blockHeadBytes))
    if (head === null) break
    if ('version' in head) {
      newerVersion = head.version
      break
    }
    const end = offset + blockHeadBytes + head.payloadBytes
    if (end > reader.sizeBytes) break
    if (head.kind !== 'samples' || end === reader.sizeBytes) {
      const block = await window.bytes(offset, end)
      if (!isPayloadSound(block)) break
      const text = () => new TextDecoder().decode(block.subarray(blockHeadBytes))
      if (head.kind === 'header') header ??= text()
      if (head.kind === 'mark') marks.push(text())
    }
    if (head.kind === 'samples' && isInOrder(head)) {
      firstIndex ??= head.firstIndex
      sampleCount += head.samples
    }
    offset = end
  }
  const strayBytes = reader.sizeBytes - offset
  return { sampleCount, firstIndex, header, marks, endOffset: offset, strayBytes, newerVersion }
}

/** The blocks of samples before an offset with their payloads; null for a payload that is damaged. */
export async function* sampleBlocks(
  reader: FileReader,
  endOffset: number,
): AsyncGenerator<{ readonly block: CaptureBlock; readonly payload: Uint8Array | null }> {
  const window = new SlidingWindow(reader, blockReadBytes)
  const isInOrder = inOrder()
  for (let offset = 0; offset < endOffset; ) {
    const block = readBlockHead(await window.bytes(offset, offset + blockHeadBytes))
    // The file has changed since it was opened.
    if (block === null || 'version' in block) return
    const end = offset + blockHeadBytes + block.payloadBytes
    if (block.kind === 'samples' && isInOrder(block)) {
      const bytes = await window.bytes(offset, end)
      yield { block, payload: isPayloadSound(bytes) ? bytes.subarray(blockHeadBytes) : null }
    }
    offset = end
  }
}
