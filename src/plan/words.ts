const scales: readonly (readonly [number, string])[] = [
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
]

/** A quantity with three digits and the prefix that suits it: `12.3 µs`, `4.00 mJ`. */
export function withPrefix(value: number, unit: string): string {
  if (value === 0) return `0 ${unit}`
  const [scale, prefix] = scales.find(([size]) => Math.abs(value) >= size * 0.9995) ?? scales.at(-1)!
  return `${(value / scale).toPrecision(3)} ${prefix}${unit}`
}

/** Words in a row: `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], link = 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${link} ${words.at(-1)}`
}
