import type { AttributeValue } from '../../graph/graph.ts'
import { IllegalModel } from './faults.ts'
import { activations, type Option, optionsTables } from './options.ts'
import { readFloat32, readInt8, readInt32, readUint8, type Table } from './table.ts'
import { dataTypeOf } from './types.ts'
import { readInt32s, readString, readTable } from './vectors.ts'

function nameOf(names: readonly string[], number: number, what: string): string {
  const name = names[number]
  if (name === undefined) throw new IllegalModel(`${what} ${number} is not known`)
  return name
}

const readers: Readonly<Record<Option['kind'], (table: Table, option: Option) => AttributeValue | null>> = {
  int: (table, { field, fallback }) => readInt32(table, field, fallback),
  bool: (table, { field, fallback }) => (readUint8(table, field, fallback) === 0 ? 0 : 1),
  float: (table, { field, fallback }) => readFloat32(table, field, fallback),
  ints: (table, { field }) => readInt32s(table, field),
  text: (table, { field }) => readString(table, field),
  type: (table, { field }) => dataTypeOf(readInt8(table, field)),
  activation: (table, { field }) => nameOf(activations, readInt8(table, field), 'fused activation'),
  padding: (table, { field }) => nameOf(['same', 'valid'], readInt8(table, field), 'padding'),
  mirror: (table, { field }) => nameOf(['reflect', 'symmetric'], readInt8(table, field), 'mirror mode'),
  subgraph: (table, { field }) => readInt32(table, field),
}

/** A table of options without fields: every field has its default. */
function absent(option: Option): AttributeValue | null {
  if (option.kind === 'activation') return 'none'
  if (option.kind === 'padding') return 'same'
  if (option.kind === 'mirror') return 'reflect'
  if (option.kind === 'type') return 'float32'
  if (option.kind === 'ints') return null
  if (option.kind === 'text') return ''
  return option.fallback
}

/**
 * Options of a builtin operator as attributes, with the schema's defaults where they are absent.
 * @param operator table of the operator
 * @throws IllegalModel for options of another operator
 */
export function readOptions(operator: Table, op: string): Readonly<Record<string, AttributeValue>> {
  const known = optionsTables[op]
  const type = readUint8(operator, 3)
  const table = readTable(operator, 4)
  if (!known) return type === 0 && !table ? {} : { builtinOptions: { unsupported: `options of type ${type}` } }
  if (table && type !== known.type)
    throw new IllegalModel(`an operator ${op} carries options of type ${type} instead of ${known.type}`)
  const values = known.options.map((option) => {
    const value = table ? readers[option.kind](table, option) : absent(option)
    return [option.name, value] as const
  })
  return Object.fromEntries(values.filter((entry): entry is readonly [string, AttributeValue] => entry[1] !== null))
}
