/**
 * Places of the first edge of every window among the edges of an event line: pairs from the last edge back, since
 * what comes before the first window (a pulse at start-up, a test of the wire) makes their number odd.
 */
export function firstOfPairs(count: number): readonly number[] {
  const pairs = Math.floor(count / 2)
  return Array.from({ length: pairs }, (_, pair) => count - 2 * (pairs - pair))
}
