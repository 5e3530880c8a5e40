import type { FileReader } from './host.ts'

const pieceBytes = 256 * 1024

/** The bytes of a file from `start` up to `end` (default: all), piece by piece. */
export async function* filePieces(
  reader: FileReader,
  start = 0,
  end: number = reader.sizeBytes,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += pieceBytes) yield reader.read(at, Math.min(end, at + pieceBytes))
}
