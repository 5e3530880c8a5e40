import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanLine, cutTo, displayWidth, type Table, tableLines, wrap } from '../../src/report/table.ts'

const table: Table = {
  columns: [
    { title: 'clip', align: 'left', shrinks: true },
    { title: 'energy', align: 'right' },
  ],
  rows: [
    [{ text: 'a/very/long/folder/of/clips/yes.wav' }, { text: '1.5 mJ', provenance: 'measured' }],
    [{ text: '三.wav' }, { text: '–', tone: 'faint' }],
  ],
}

describe('tableLines', () => {
  test('aligns and keeps within the width by cutting what may shrink', () => {
    expect(tableLines(table, 80)).toEqual([
      'clip                                          energy',
      'a/very/long/folder/of/clips/yes.wav  1.5 mJ measured',
      '三.wav                                             –',
    ])
    expect(tableLines(table, 34)).toEqual([
      'clip                        energy',
      '…of/clips/yes.wav  1.5 mJ measured',
      '三.wav                           –',
    ])
  })

  test('leaves out what may be left out before it runs over', () => {
    const columns = [
      { title: 'name', align: 'left' as const },
      { title: 'extra', align: 'left' as const, drops: 1 },
    ]
    const wide: Table = { columns, rows: [[{ text: 'abcdefgh' }, { text: 'more' }]] }
    expect(tableLines(wide, 15)).toEqual(['name      extra', 'abcdefgh  more'])
    expect(tableLines(wide, 14)).toEqual(['name', 'abcdefgh'])
  })

  test('colours do not move columns', () => {
    const style = { good: tag, warn: tag, bad: tag, faint: tag, strong: tag }
    const stripped = tableLines(table, 60, style).map((line) => line.replace(/[{}]/g, '').trimEnd())
    expect(stripped).toEqual(tableLines(table, 60))
    expect(tableLines(table, 60, style)[2]).toContain('–}')
  })

  test('never loses the figure, whatever the width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), (width) => {
        expect(tableLines(table, width)[1]).toContain('1.5 mJ measured')
      }),
    )
  })
})

function tag(text: string): string {
  return `{${text}}`
}

test('cutTo and wrap keep their widths', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 })
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (string, width) => {
      expect(displayWidth(cutTo(string, width))).toBeLessThanOrEqual(width)
      for (const line of wrap(string, width, '  ')) {
        expect(/\S\s+[^\s%]/.test(line) && displayWidth(line) > width).toBe(false)
      }
    }),
  )
})

test('control characters become visible', () => {
  expect(cleanLine('a\u001b[31mb\nc\u202ed\u007f')).toBe('a␛[31mb␊c\ufffdd\ufffd')
})
