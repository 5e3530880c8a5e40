import { type Fact, factText } from './facts.ts'
import { type TextStyle, wrap } from './table.ts'

/** Names in one column, wrapped texts in the next. */
export function factLines(facts: readonly Fact[], width: number, style: TextStyle): readonly string[] {
  const names = facts.reduce((most, fact) => Math.max(most, fact.name.length), 0)
  return facts.flatMap((fact) => {
    const { name } = fact
    const [first = '', ...rest] = wrap(factText(fact), Math.max(30, width - names - 2))
    const more = rest.map((line) => ' '.repeat(names + 2) + line)
    return [`${style.faint(name.padEnd(names))}  ${first}`, ...more]
  })
}
