/** Uniform 32-bit numbers from a seed (xorshift32, Marsaglia 2003); the same seed gives the same numbers. */
export function createRandom(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

const tableSize = 8192
let table: Float32Array | undefined

/** Standard normal values at evenly spaced probabilities, by the Box-Muller transform of a fixed sequence. */
function normalTable(): Float32Array {
  if (table) return table
  const random = createRandom(0x5eed)
  table = new Float32Array(tableSize)
  for (let at = 0; at < tableSize; at += 2) {
    const radius = Math.sqrt(-2 * Math.log((random() + 1) / 4294967297))
    const angle = (2 * Math.PI * random()) / 4294967296
    table[at] = radius * Math.cos(angle)
    table[at + 1] = radius * Math.sin(angle)
  }
  // Exactly mean 0, so that noise moves no long-run average.
  const mean = table.reduce((sum, value) => sum + value, 0) / tableSize
  for (let at = 0; at < tableSize; at++) table[at]! -= mean
  return table
}

/** Cheap gaussian noise with mean 0 and standard deviation 1, the same for the same seed. */
export function createNoise(seed: number): () => number {
  const random = createRandom(seed)
  const values = normalTable()
  return () => values[random() >>> 19]!
}
