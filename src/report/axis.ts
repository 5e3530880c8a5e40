import { formatNumber } from './format.ts'

/** Steps of 1, 2 or 5 times a power of ten, about so many over a range. */
export function ticks(from: number, to: number, about: number): readonly number[] {
  const rough = (to - from) / about
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const first = Math.ceil(from / step)
  const count = Math.max(0, Math.floor(to / step) - first + 1)
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)))
}

/** A tick's number without zeros that say nothing. */
export function formatTick(value: number): string {
  return formatNumber(value, 4)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
}
