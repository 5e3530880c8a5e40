import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../../src/firmware/line-splitter.ts'
import { type Command, longestCommand, readCommand, writeCommand } from '../../../src/firmware/mlperf/commands.ts'
import { formatResult, type Message, readLine, writeMessage } from '../../../src/firmware/mlperf/messages.ts'

const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ._]{0,20}[A-Za-z0-9]$/)
const count = fc.integer({ min: 0, max: 999_999_999 })
const byte = fc.integer({ min: 0, max: 255 })
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.constantFrom<Message>(
    { kind: 'timestamp-mode', mode: 'energy' },
    { kind: 'timestamp-mode', mode: 'performance' },
    { kind: 'init-done' },
    { kind: 'ready' },
    { kind: 'load-done' },
    { kind: 'warmup-done' },
    { kind: 'infer-done' },
  ),
  word.map((name): Message => ({ kind: 'name', name })),
  word.map((profile): Message => ({ kind: 'profile', profile })),
  word.map((model): Message => ({ kind: 'model', model })),
  word.map((text): Message => ({ kind: 'error', text })),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((microseconds): Message => ({ kind: 'lap', microseconds })),
  count.map((bytes): Message => ({ kind: 'expecting', bytes })),
  count.map((value): Message => ({ kind: 'warmup-start', count: value })),
  count.map((value): Message => ({ kind: 'infer-start', count: value })),
  fc.array(byte, { minLength: 1, maxLength: 8 }).map((bytes): Message => ({ kind: 'buffer', bytes })),
  fc
    .array(fc.integer({ min: -999_999, max: 999_999 }), { minLength: 1, maxLength: 12 })
    .map((list): Message => ({ kind: 'results', values: list.map((thousandths) => thousandths / 1000) })),
)
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.constantFrom<Command>(
    { kind: 'name' },
    { kind: 'timestamp' },
    { kind: 'profile' },
    { kind: 'help' },
    { kind: 'results' },
    { kind: 'db-print' },
  ),
  fc.integer({ min: 1, max: 1e6 }).map((bytes): Command => ({ kind: 'db-load', bytes })),
  fc.uint8Array({ minLength: 1, maxLength: 31 }).map((bytes): Command => ({ kind: 'db-bytes', bytes })),
  fc.record({
    kind: fc.constant('infer' as const),
    iterations: fc.integer({ min: 1, max: 1e6 }),
    warmups: fc.integer({ min: 0, max: 1e6 }),
  }),
)
const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0) & 255)

describe('messages', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(message, (one) => {
        expect(readLine(writeMessage(one))).toEqual(one)
      }),
    )
  })

  it('are the same whatever the chunks, the ends of lines and NUL bytes between them', () => {
    const end = fc.constantFrom('\r\n', '\n', '\r', '\0\r\n', '\r\n\r\n')
    const lines = fc.array(fc.tuple(message, end), { maxLength: 12 })
    fc.assert(
      fc.property(lines, fc.array(fc.nat(40), { minLength: 1, maxLength: 60 }), (list, cuts) => {
        const bytes = bytesOf(list.map(([one, tail]) => writeMessage(one) + tail).join(''))
        const splitter = new LineSplitter()
        const read: string[] = []
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const next = at + (cuts[cut % cuts.length]! || 1)
          read.push(...splitter.push(bytes.subarray(at, next)))
          at = next
        }
        expect(read.map(readLine)).toEqual(list.map(([one]) => one))
        expect(splitter.rest).toBe('')
      }),
    )
  })

  it('never throw, and nothing that lost its last characters is taken for whole', () => {
    fc.assert(fc.property(fc.string(), (text) => void readLine(text)))
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        for (const line of new LineSplitter().push(bytes)) readLine(line)
      }),
    )
    for (const cut of ['m-results-[0.1,0.2', 'm-results-[0.1,0.', 'm-results-[0.1,x]', 'm-lap-us-', 'm-name-dut-[a'])
      expect(readLine(cut)).toEqual({ kind: 'damaged' })
    expect(readLine('hello')).toEqual({ kind: 'text' })
  })

  it('holds no line that never ends', () => {
    const splitter = new LineSplitter()
    for (let block = 0; block < 100; block++) splitter.push(new Uint8Array(4096).fill(85))
    expect(splitter.rest.length).toBeLessThan(70_000)
  })

  it('print results with three decimals, cut off', () => {
    expect([0.99609375, -0.9996, 0.29, 1.001, 0, -0.0004, 4.0005, Number.NaN].map(formatResult)).toEqual([
      '0.996',
      '-0.999',
      '0.290',
      '1.001',
      '0.000',
      '0.000',
      '4.000',
      'nan',
    ])
  })

  it('keep every element of an int8 output apart', () => {
    const texts = new Set(Array.from({ length: 256 }, (_, element) => formatResult(element / 256)))
    expect(texts.size).toBe(256)
  })
})

describe('commands', () => {
  it('are read as they were written, and fit the buffer of a device', () => {
    fc.assert(
      fc.property(command, (one) => {
        const text = writeCommand(one)
        expect(text.length).toBeLessThanOrEqual(longestCommand + 1)
        expect(readCommand(text.slice(0, -1))).toEqual(one)
      }),
    )
  })

  it('never throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void readCommand(text)))
  })

  it.each([
    ['infer', { kind: 'infer', iterations: 1, warmups: 10 }],
    ['infer 3', { kind: 'infer', iterations: 3, warmups: 10 }],
    ['\r\nname\n', { kind: 'name' }],
    ['infer 0', { kind: 'fault', text: 'Inference iterations must be >0' }],
    ['infer 1 -1', { kind: 'fault', text: 'Inference warmup must be >=0' }],
    ['db load 0', { kind: 'fault', text: "Command 'db load' must be >0 bytes" }],
    ['db load', { kind: 'fault', text: "Command 'db load' must be >0 bytes" }],
    ['db 1', { kind: 'fault', text: 'Insufficent number of hex digits', bytes: new Uint8Array(0) }],
    ['db 01xy', { kind: 'fault', text: "Invalid hex digit 'xy'", bytes: Uint8Array.of(1) }],
    ['play x', { kind: 'fault', text: 'Unknown command: play' }],
    ['', { kind: 'fault', text: 'Unknown command: ' }],
    [`db ${'0'.repeat(80)}`, { kind: 'fault', text: 'Command longer than 79 characters' }],
  ])('%s', (text, expected) => {
    expect(readCommand(text)).toEqual(expected)
  })
})
