import type { RecordedFigure } from '../energy/record.ts'
import { formatPercent, inScale, scaleFor } from './format.ts'

/** An interval in the unit of its middle: `2.805 to 3.412 µJ`. */
export function rangeText([low, high]: readonly [number, number], middle: number, unit: string): string {
  const scale = scaleFor([middle], unit, '')
  return `${inScale(low, scale)} to ${inScale(high, scale)} ${scale.unit}`
}

/** What an interval is, in words: `95 % interval 2.805 to 3.412 µJ`. */
export function figureDetail(figure: RecordedFigure): string {
  const { intervalJ, confidence, valueJ } = figure
  if (!intervalJ) return 'no interval can be stated'
  return `${formatPercent(confidence, confidence * 100 === Math.round(confidence * 100) ? 0 : 1)} interval ${rangeText(intervalJ, valueJ, 'J')}`
}
