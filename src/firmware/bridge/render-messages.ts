/** How a field of a message lies on the wire, little-endian; `rest` and `text` take what is left and come last. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'f64' | 'rest' | 'text'

/** A row of `firmware-bridge/messages.json`. */
export interface MessageRow {
  readonly name: string
  /** 1 to 127; on the wire with the highest bit set. */
  readonly code: number
  readonly from: 'host' | 'device' | 'both'
  /** `control` is outside the count of frames, a `request` is answered by one `response`, the others by nothing. */
  readonly kind: 'control' | 'request' | 'response' | 'send' | 'event'
  readonly what: string
  readonly fields: Readonly<Record<string, FieldType>>
}

const words = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).split('-')
const snake = (name: string) => words(name).join('_')
const macro = (name: string) => `MESSAGE_${snake(name).toUpperCase()}`

/** C types of the fields of one size. */
const cTypes: Readonly<Record<Exclude<FieldType, 'rest' | 'text'>, readonly [type: string, bytes: number]>> = {
  u8: ['uint8_t', 1],
  u16: ['uint16_t', 2],
  u32: ['uint32_t', 4],
  u64: ['uint64_t', 8],
  i32: ['int32_t', 4],
  f64: ['double', 8],
}

const isOpen = (type: FieldType) => type === 'rest' || type === 'text'

function cFields(row: MessageRow): readonly string[] {
  return Object.entries(row.fields).flatMap(([name, type]) =>
    type === 'rest' || type === 'text'
      ? [`const uint8_t *${snake(name)};`, `size_t ${snake(name)}_count;`]
      : [`${cTypes[type][0]} ${snake(name)};`],
  )
}

function cGet(row: MessageRow): string {
  const name = snake(row.name)
  let at = 0
  const lines: string[] = []
  for (const [field, type] of Object.entries(row.fields)) {
    const to = `to->${snake(field)}`
    if (type === 'rest' || type === 'text') lines.push(`${to} = from + ${at};`, `${to}_count = count - ${at};`)
    else {
      lines.push(`memcpy(&${to}, from + ${at}, ${cTypes[type][1]});`)
      at += cTypes[type][1]
    }
  }
  const isExact = !Object.values(row.fields).some(isOpen)
  if (isExact || at > 0) lines.unshift(`if (count ${isExact ? '!=' : '<'} ${at}) return 0;`)
  return `/* Reads it; 0 where the bytes are not one. */
static inline int message_get_${name}(const uint8_t *from, size_t count, message_${name} *to)
{
${lines.map((line) => `  ${line}`).join('\n')}
  return 1;
}`
}

function cPut(row: MessageRow): string {
  const name = snake(row.name)
  let at = 0
  const lines: string[] = []
  let end = ''
  for (const [field, type] of Object.entries(row.fields)) {
    const from = `from->${snake(field)}`
    if (type === 'rest' || type === 'text') {
      lines.push(`memcpy(to + ${at}, ${from}, ${from}_count);`)
      end = ` + ${from}_count`
    } else {
      lines.push(`memcpy(to + ${at}, &${from}, ${cTypes[type][1]});`)
      at += cTypes[type][1]
    }
  }
  return `/* Writes it; how many bytes. */
static inline size_t message_put_${name}(uint8_t *to, const message_${name} *from)
{
${lines.map((line) => `  ${line}`).join('\n')}
  return ${at}${end};
}`
}

function cMessage(row: MessageRow): string {
  const name = snake(row.name)
  const fields = cFields(row)
  if (fields.length === 0) return ''
  const parts = [`/* ${row.name}: ${row.what}. */\ntypedef struct {\n  ${fields.join('\n  ')}\n} message_${name};`]
  if (row.from !== 'device') parts.push(cGet(row))
  if (row.from !== 'host') parts.push(cPut(row))
  return parts.join('\n\n')
}

/** The message table as a C header. */
export function renderMessagesC(rows: readonly MessageRow[]): string {
  const codes = rows.map(
    (row) => `  /* From the ${row.from === 'both' ? 'host or the device' : row.from}: ${row.what}. */
  ${macro(row.name)} = 0x${(0x80 + row.code).toString(16)},`,
  )
  return `/* Generated from messages.json by \`npm run gen\`. What a frame may hold; numbers are little-endian, as the processor's. */
#ifndef BRIDGE_PROTOCOL_H
#define BRIDGE_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
${codes.join('\n')}
};

${rows
  .map(cMessage)
  .filter((text) => text !== '')
  .join('\n\n')}

#endif
`
}

const quoted = (name: string) => (/^[a-z]+$/.test(name) ? name : `'${name}'`)

function tsFields(fields: MessageRow['fields']): string {
  const items = Object.entries(fields).map(([name, type]) => `['${name}', '${type}']`)
  if (items.length < 2) return `[${items.join('')}]`
  return `[\n${items.map((item) => `      ${item},\n`).join('')}    ]`
}

/** The message table as TypeScript, laid out as the formatter lays it out. */
export function renderMessagesTs(rows: readonly MessageRow[]): string {
  const items = rows.map(
    (row) => `  /** ${row.what}. */
  ${quoted(row.name)}: {
    code: ${0x80 + row.code},
    from: '${row.from}',
    kind: '${row.kind}',
    fields: ${tsFields(row.fields)},
  },
`,
  )
  return `/** What a frame may hold. Generated from \`firmware-bridge/messages.json\` by \`npm run gen\`. */
export const messageTable = {
${items.join('')}} as const
`
}
