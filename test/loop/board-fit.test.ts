import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { boardFit } from '../../src/loop/board-fit.ts'
import { loadVariant } from '../../src/loop/raw-engine.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'
import { canonicalGraph, node, smallNetwork, tensor } from '../support/tflite-graphs.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const variantOf = async (name: string, bytes: Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return loadVariant(host, path)
}

/** An image of so many float32 through an operator that keeps its size. */
const image = (count: number) =>
  writeTflite(
    canonicalGraph(
      [tensor('x', 'float32', [1, count]), tensor('y', 'float32', [1, count])],
      [node('relu', ['x'], ['y'], { version: 1 })],
      ['x'],
      ['y'],
    ),
  )

/** This machine without any command, so without a compiler. */
const bare = { ...host, command: () => Promise.resolve(null) }

describe('boardFit', () => {
  it('a small network fits, code compiled or allowed for', async () => {
    const small = await variantOf('small.tflite', writeTflite(smallNetwork()))
    const fit = await boardFit(bare, small, 'nucleo-l4r5zi')
    expect(fit).toMatchObject({ fits: true, reasons: [], core: 'Cortex-M4F', codeIs: 'an allowance' })
    const [flash, ram] = fit.memories
    expect(flash).toMatchObject({ memory: 'flash', haveBytes: 2_097_152, fits: true })
    expect(flash!.modelBytes).toBe(fit.constantBytes + fit.codeBytes)
    expect(ram).toMatchObject({ memory: 'RAM', haveBytes: 655_360, fits: true })
  })

  it('names the memory that is too small, and by how much', async () => {
    const fit = await boardFit(bare, await variantOf('image.tflite', image(40_000)), 'microbit-v2')
    const ram = fit.memories[1]!
    expect(fit.fits).toBe(false)
    expect(ram.modelBytes).toBeGreaterThanOrEqual(160_000)
    expect(fit.reasons).toEqual([
      `RAM: the model takes ${ram.modelBytes} bytes and 24576 are kept for the rest; the board has 131072, ${ram.modelBytes + 24_576 - 131_072} too few.`,
    ])
  })

  it('refuses what takes no firmware, and names what does', async () => {
    const small = await variantOf('small.tflite', writeTflite(smallNetwork()))
    await expect(boardFit(bare, small, 'raspberry-pi-5')).rejects.toMatchObject({
      code: 'TARGET_UNKNOWN',
      detail: expect.stringContaining('nucleo-l4r5zi'),
    })
  })
})
