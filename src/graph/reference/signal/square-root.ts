/**
 * The square root of a uint64, rounded: bit by bit, two bits of the number for one of the root. Roots that fit 16 bits
 * stay in 16 bits (TensorFlow Lite Micro's Sqrt64 takes the 32-bit form for numbers below 2^32).
 */
export function roundedSquareRoot(number: bigint): number {
  const most = number < 1n << 32n ? 0xffffn : 0xffffffffn
  let rest = number
  let root = 0n
  for (let bit = 1n << 62n; bit > 0n; bit >>= 2n) {
    const take = rest >= root + bit
    if (take) rest -= root + bit
    root = (root >> 1n) + (take ? bit : 0n)
  }
  return Number(rest > root && root !== most ? root + 1n : root)
}
