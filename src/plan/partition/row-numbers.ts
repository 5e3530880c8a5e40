/** So many codes have a table of their own; more go into a map. */
const mostCodes = 2 ** 22

/** Codes stay below this where they can: their table then stays in the processor's cache. */
const cachedCodes = 2 ** 14

/** Numbers for codes below a bound: the known one, or the next where a code was not seen. */
export function codeNumbers(bound: number): (code: number, next: number) => number {
  const known: Int32Array | Map<number, number> = bound > mostCodes ? new Map() : new Int32Array(bound)
  if (known instanceof Map)
    return (code, next) => {
      const number = known.get(code) ?? next
      if (number === next) known.set(code, next)
      return number
    }
  return (code, next) => {
    // One is added so that 0 means unknown.
    if (known[code] === 0) known[code] = next + 1
    return known[code]! - 1
  }
}

/** Rows of bytes that are all below a radix. */
export interface ByteRows {
  readonly rows: Uint8Array
  readonly count: number
  readonly width: number
  readonly radix: number
}

/** Puts the least numbers in the place of codes below a bound, in order of their first appearance; tells how many. */
function renumber(codes: Int32Array, bound: number): number {
  const numberOf = codeNumbers(bound)
  let found = 0
  for (let at = 0; at < codes.length; at++) {
    const number = numberOf(codes[at]!, found)
    if (number === found) found++
    codes[at] = number
  }
  return found
}

/** By row its number, the same for rows that are equal at some positions; and by number the first row that has it. */
export function partNumbers(
  { rows, count, width, radix }: ByteRows,
  positions: readonly number[],
): { readonly numbers: Int32Array; readonly firsts: Int32Array } {
  const numbers = new Int32Array(count)
  let bound = 1
  for (const position of positions) {
    if (bound * radix > cachedCodes) bound = renumber(numbers, bound)
    for (let row = 0, at = position; row < count; row++, at += width) numbers[row] = numbers[row]! * radix + rows[at]!
    bound *= radix
  }
  const firsts = new Int32Array(renumber(numbers, bound))
  for (let row = count - 1; row >= 0; row--) firsts[numbers[row]!] = row
  return { numbers, firsts }
}
