/** The root of a function that rises from below to above 0 between two places, to the last bits of a double. */
export function bisect(rising: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to]
  for (let step = 0; step < 200; step++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (rising(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
