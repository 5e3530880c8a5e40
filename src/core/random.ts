/** A seeded source of numbers: uniform in 0..1, and standard normal. */
export interface Random {
  (): number
  normal(): number
}

/** The same numbers for the same seed (mulberry32; Box and Muller 1958 for the normal ones). */
export function random(seed: number): Random {
  let state = seed >>> 0
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return Object.assign(uniform, { normal })
}
