import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorTable, isMilliwattError, MilliwattError } from '../../src/core/errors.ts'

describe('errors', () => {
  it('say where, what and what next', () => {
    const error = new MilliwattError('CLIP_EMPTY', 'a.wav', 'The file has 0 bytes.')
    expect(error.message).toBe(
      'a.wav: The audio holds no samples. The file has 0 bytes. Next: Record it again, or leave this file out.',
    )
    expect(isMilliwattError(error, 'CLIP_EMPTY')).toBe(true)
    expect(isMilliwattError(error, 'USAGE')).toBe(false)
  })

  it('stand in the README, row by row', () => {
    const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8')
    const listed = [...readme.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \|$/gm)].map(([, code, what, next]) => [
      code,
      what,
      next,
    ])
    const expected = Object.entries(errorTable).map(([code, { what, next }]) => [code, what, next])
    expect(listed).toEqual(expected)
  })
})
