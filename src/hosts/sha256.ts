import { createHash } from 'node:crypto'

/** SHA-256 as lower-case hex, of bytes or of what comes piece by piece. */
export async function sha256(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  if (bytes instanceof Uint8Array) hash.update(bytes)
  else for await (const piece of bytes) hash.update(piece)
  return hash.digest('hex')
}
