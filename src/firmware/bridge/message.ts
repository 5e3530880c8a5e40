import { messageTable } from './messages.ts'

type Table = typeof messageTable

/** Which message. */
export type MessageName = keyof Table

interface FieldValues {
  readonly u8: number
  readonly u16: number
  readonly u32: number
  readonly u64: bigint
  readonly i32: number
  readonly f64: number
  readonly rest: Uint8Array
  readonly text: string
}

/** The fields of a message by name. */
export type Fields<Name extends MessageName> = {
  readonly [Field in Table[Name]['fields'][number] as Field[0]]: FieldValues[Field[1]]
}

/** A message with its name. */
export type NamedMessage = {
  readonly [Name in MessageName]: { readonly name: Name; readonly fields: Fields<Name> }
}[MessageName]

/** Names of the messages of a kind. */
export type NamesOf<Kind extends string> = {
  [Name in MessageName]: Table[Name]['kind'] extends Kind ? Name : never
}[MessageName]

type FieldType = keyof FieldValues

const sizes: Readonly<Record<Exclude<FieldType, 'rest' | 'text'>, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  i32: 4,
  f64: 8,
}

const names = Object.keys(messageTable) as MessageName[]
const nameByCode: ReadonlyMap<number, MessageName> = new Map(names.map((name) => [messageTable[name].code, name]))

const fieldsOf = (name: MessageName) => messageTable[name].fields as readonly (readonly [string, FieldType])[]

const toBytes = (value: unknown) =>
  typeof value === 'string' ? new TextEncoder().encode(value) : (value as Uint8Array)

/** The content of a message's frame. */
export function writeFields<Name extends MessageName>(name: Name, fields: Fields<Name>): Uint8Array {
  const values = fields as Readonly<Record<string, unknown>>
  const rows = fieldsOf(name)
  const bytesOf = ([field, type]: readonly [string, FieldType]) =>
    type === 'rest' || type === 'text' ? toBytes(values[field]).length : sizes[type]
  const content = new Uint8Array(rows.reduce((sum, row) => sum + bytesOf(row), 0))
  const view = new DataView(content.buffer)
  let at = 0
  for (const row of rows) {
    const [field, type] = row
    const value = values[field]
    if (type === 'rest' || type === 'text') content.set(toBytes(value), at)
    else if (type === 'u8') view.setUint8(at, value as number)
    else if (type === 'u16') view.setUint16(at, value as number, true)
    else if (type === 'u32') view.setUint32(at, value as number, true)
    else if (type === 'i32') view.setInt32(at, value as number, true)
    else if (type === 'u64') view.setBigUint64(at, value as bigint, true)
    else view.setFloat64(at, value as number, true)
    at += bytesOf(row)
  }
  return content
}

function readField(view: DataView, at: number, type: FieldType): unknown {
  if (type === 'u8') return view.getUint8(at)
  if (type === 'u16') return view.getUint16(at, true)
  if (type === 'u32') return view.getUint32(at, true)
  if (type === 'i32') return view.getInt32(at, true)
  if (type === 'u64') return view.getBigUint64(at, true)
  if (type === 'f64') return view.getFloat64(at, true)
  const rest = new Uint8Array(view.buffer, view.byteOffset + at, view.byteLength - at)
  return type === 'text' ? new TextDecoder().decode(rest) : rest.slice()
}

/** Reads the message of a frame; null for a code that nobody knows or content of the wrong length. Never throws. */
export function readMessage(type: number, content: Uint8Array): NamedMessage | null {
  const name = nameByCode.get(type)
  if (!name) return null
  const rows = fieldsOf(name)
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const fields: Record<string, unknown> = {}
  let at = 0
  let isOpen = false
  for (const [field, type] of rows) {
    const bytes = type === 'rest' || type === 'text' ? content.length - at : sizes[type]
    if (at + bytes > content.length) return null
    fields[field] = readField(view, at, type)
    isOpen ||= type === 'rest' || type === 'text'
    at += bytes
  }
  return at === content.length || isOpen ? ({ name, fields } as unknown as NamedMessage) : null
}
