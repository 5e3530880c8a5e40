import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fields, type MessageName, readMessage, writeFields } from '../../../src/firmware/bridge/message.ts'
import { messageTable } from '../../../src/firmware/bridge/messages.ts'
import { renderMessagesC, renderMessagesTs } from '../../../src/firmware/bridge/render-messages.ts'

const root = resolve(import.meta.dirname, '../../..')
const textOf = (path: string) => readFileSync(resolve(root, path), 'utf8')
const { messages } = JSON.parse(textOf('firmware-bridge/messages.json'))

const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  u8: fc.nat(255),
  u16: fc.nat(65535),
  u32: fc.nat(0xffffffff),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  i32: fc.integer(),
  f64: fc.double({ noNaN: true }),
  rest: fc.uint8Array({ maxLength: 40 }),
  text: fc.string(),
}

describe('messages', () => {
  it('are generated into C and TypeScript', () => {
    expect(textOf('firmware-bridge/include/bridge_protocol.h')).toBe(renderMessagesC(messages))
    expect(textOf('src/firmware/bridge/messages.ts')).toBe(renderMessagesTs(messages))
  })

  it.each(Object.keys(messageTable) as MessageName[])('%s is read as it was written', (name) => {
    const { code, fields } = messageTable[name]
    const arbitrary = fc.record(Object.fromEntries(fields.map(([field, type]) => [field, values[type]!])))
    fc.assert(
      fc.property(arbitrary, (given) => {
        const content = writeFields(name, given as Fields<typeof name>)
        expect(readMessage(code, content)).toEqual({ name, fields: { ...given } })
      }),
      { numRuns: 20 },
    )
  })

  it('gives null for a code that nobody knows, and for content that is too short or too long', () => {
    expect(readMessage(255, new Uint8Array(0))).toBeNull()
    expect(readMessage(messageTable.run.code, new Uint8Array(3))).toBeNull()
    expect(readMessage(messageTable.run.code, new Uint8Array(10))).toBeNull()
  })
})
