import { formatStamp } from './format.ts'
import { placementText } from './placement-text.ts'
import type { PlanDocument } from './plan-document.ts'
import { cleanLine, plainStyle, type TextStyle, wrap } from './table.ts'
import { planLines } from './text.ts'

/** A plan as text of a width; ends with a line feed. */
export function planText(document: PlanDocument, width: number, style: TextStyle = plainStyle): string {
  const { milliwatt, model, startedAt, machine, placement, placementReason } = document
  const head = [
    style.strong(cleanLine(`milliwatt ${milliwatt}: plan of ${model}`)),
    ...wrap(`${formatStamp(startedAt)} on ${machine.name} (${machine.runtime})`, width),
    '',
    ...planLines(document, width, style),
  ]
  const layers = placement
    ? placementText(placement, width, style)
    : `${wrap(placementReason ?? '', width).join('\n')}\n`
  return `${head.join('\n')}\n\n${layers}`
}
