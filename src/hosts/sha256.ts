import { createHash } from 'node:crypto'

/** SHA-256 as lower-case hex; of a stream only one piece is held at a time. */
export async function sha256(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  if (bytes instanceof Uint8Array) return hash.update(bytes).digest('hex')
  for await (const piece of bytes) hash.update(piece)
  return hash.digest('hex')
}
