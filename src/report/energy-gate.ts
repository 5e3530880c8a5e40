import type { CheckResult } from '../energy/check-energy.ts'
import type { CompareResult } from '../energy/compare-energy.ts'
import type { GateOutcome, GateSide } from '../energy/gate.ts'
import { rangeText } from './energy-figures.ts'
import { factLines } from './fact-lines.ts'
import { type Fact, factText } from './facts.ts'
import { formatEnergy, formatPercent, withUnit } from './format.ts'
import { html } from './html-escape.ts'
import { factList, plain } from './markdown.ts'
import { cleanLine, type TextStyle } from './table.ts'

/** What either gate gave. */
export type GateResult = CheckResult | CompareResult

const words: Readonly<Record<GateOutcome, string>> = {
  passed: 'passed',
  failed: 'failed',
  undecided: 'not shown',
  refused: 'refused',
}

function sideFact(name: string, side: GateSide): Fact {
  if (side.valueJ === null)
    return { name, value: 'no figure', detail: `${side.name}, ${side.provenance}, ${side.verdict}` }
  const interval = side.intervalJ ? `, interval of the record ${rangeText(side.intervalJ, side.valueJ, 'J')}` : ''
  return {
    name,
    value: formatEnergy(side.valueJ, side.provenance),
    detail: `${side.model}, ${side.verdict}${interval}, ${side.name}`,
  }
}

const signed = (share: number): string => `${share >= 0 ? '+' : ''}${formatPercent(share, 2)}`

function gateFacts(result: GateResult): readonly Fact[] {
  const confidence = formatPercent(result.confidence, 1)
  const outcome = { name: 'Outcome', value: words[result.outcome], detail: result.reason }
  const notes = result.notes.map((note) => ({ name: 'Note', value: note }))
  if (result.kind === 'milliwatt-energy-check') {
    const bound = result.upperBoundJ === null ? 'none' : withUnit(result.upperBoundJ, 'J', '')
    return [
      outcome,
      sideFact(`Energy per inference, ${result.figure}`, result.side),
      { name: 'At most', value: bound, detail: `with ${confidence} confidence` },
      { name: 'Limit', value: withUnit(result.limitJ, 'J', '') },
      ...notes,
    ]
  }
  const { change, changeInterval, sameMeter, sides, tolerance, mustFind } = result
  const range = changeInterval && `${confidence} interval ${changeInterval.map(signed).join(' to ')}`
  return [
    outcome,
    sideFact(`A, ${result.figure}`, sides[0]),
    sideFact(`B, ${result.figure}`, sides[1]),
    {
      name: 'Change',
      value: change === null ? 'none' : signed(change),
      ...(range
        ? {
            detail: `${range}; ${sameMeter ? 'one instrument, its gain cancels' : 'two instruments, both gains count'}`,
          }
        : {}),
    },
    {
      name: 'Tolerance',
      value: signed(tolerance),
      detail: `an increase of ${formatPercent(mustFind, 1)} must be visible`,
    },
    ...notes,
  ]
}

const titleOf = (result: GateResult): string =>
  result.kind === 'milliwatt-energy-check' ? 'Energy check' : 'Energy comparison'

/** A gate's result for a terminal; ends with a line feed. */
export function gateText(result: GateResult, width: number, style: TextStyle): string {
  const dress = result.outcome === 'passed' ? style.good : style.bad
  const [title, ...lines] = [
    `${titleOf(result)}: ${words[result.outcome]}`,
    ...factLines(gateFacts(result), width, style),
  ]
  return `${[dress(title!), ...lines].join('\n')}\n`
}

/** A gate's result as Markdown, for a comment on a change. */
export function gateMarkdown(result: GateResult): string {
  return `## ${titleOf(result)}: ${plain(words[result.outcome])}\n\n${factList(gateFacts(result))}\n`
}

/** A gate's result as JUnit XML: one test, failed where it is not passed, in error where it was refused. */
export function gateJunit(result: GateResult): string {
  const detail = gateFacts(result)
    .map((fact) => cleanLine(`${fact.name}: ${factText(fact)}`))
    .join('\n')
  const names = result.kind === 'milliwatt-energy-check' ? [result.side.name] : result.sides.map(({ name }) => name)
  const [failures, errors] = [
    result.outcome === 'failed' || result.outcome === 'undecided',
    result.outcome === 'refused',
  ]
  const problem = failures
    ? html`<failure message="${cleanLine(result.reason)}">${detail}</failure>`
    : html`<error message="${cleanLine(result.reason)}">${detail}</error>`
  const body = html`<testsuites><testsuite name="milliwatt energy" tests="1" failures="${failures ? 1 : 0}" errors="${errors ? 1 : 0}"><testcase classname="milliwatt.energy" name="${cleanLine(`${titleOf(result)} ${names.join(' ')}`)}">${result.outcome === 'passed' ? html`<system-out>${detail}</system-out>` : problem}</testcase></testsuite></testsuites>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body.source}\n`
}
