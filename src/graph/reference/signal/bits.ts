/** Place of the highest bit of a uint32, counted from 1; 0 of 0. */
export function mostSignificantBit(x: number): number {
  return 32 - Math.clz32(x)
}

/** Wraps to int16. */
export function wrapInt16(x: number): number {
  return (x << 16) >> 16
}
