import type { Dimension } from './graph.ts'

/** What to do about a shape with open dimensions: the option of the command line, and that of a program. */
export function openShapeAdvice(shape: readonly Dimension[]): string {
  const open = [...new Set(shape.filter((dimension) => typeof dimension === 'string'))]
  const option = open.map((dimension) => `${dimension}=1`).join(' ')
  const program = `{ dimensions: { ${open.map((dimension) => `'${dimension}': 1`).join(', ')} } }`
  return `give lengths, as with --dimensions ${option}. In a program: load(model, ${program}).`
}
