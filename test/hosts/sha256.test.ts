import { expect, test } from 'vitest'
import { filePieces } from '../../src/core/file-pieces.ts'
import { memoryReader } from '../../src/hosts/fake-files.ts'
import { sha256 } from '../../src/hosts/sha256.ts'

test('the hash of a stream is that of its bytes, whatever the pieces', async () => {
  // FIPS 180-4, one million times "a".
  const bytes = new Uint8Array(1_000_000).fill(0x61)
  const published = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'
  expect(await sha256(bytes)).toBe(published)
  const asked: number[] = []
  const reader = memoryReader(bytes)
  const read = (start: number, end: number) => {
    asked.push(end - start)
    return reader.read(start, end)
  }
  expect(await sha256(filePieces({ ...reader, read }))).toBe(published)
  expect(Math.max(...asked)).toBeLessThan(bytes.length / 2)
})
