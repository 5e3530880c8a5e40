/** LEB128 of an unsigned 32-bit integer (WebAssembly spec, "Values", uN). */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

/** LEB128 of a signed integer of up to 64 bits (sN). */
export function signed(value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)
    bytes.push(done ? low : low | 0x80)
    if (done) return bytes
  }
}

/** A vector: its length, then its content. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

/** A name: UTF-8 bytes behind their length. */
export function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value)
  return [...unsigned(bytes.length), ...bytes]
}

/** A section: id, size, content. Takes chunks, so that large ones are never spread on the stack. */
export function section(id: number, chunks: readonly (readonly number[] | Uint8Array)[]): (number[] | Uint8Array)[] {
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  return [[id, ...unsigned(size)], ...chunks.map((chunk) => (chunk instanceof Uint8Array ? chunk : [...chunk]))]
}

/** One array of all chunks. */
export function join(chunks: readonly (readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
