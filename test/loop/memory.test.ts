import { execFileSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary.ts'

const folder = temporaryFolder()

describe('memory of loaded models', () => {
  it('is not allocated by runInto, and comes back when a model is disposed of', () => {
    const script = resolve(import.meta.dirname, '../support/memory.mjs')
    const flags = ['--expose-gc', '--max-semi-space-size=64', '--min-semi-space-size=64']
    const output = execFileSync(process.execPath, [...flags, script, resolve('models/kws/ds-cnn-16-int8.onnx')], {
      encoding: 'utf8',
      env: { ...process.env, MILLIWATT_CACHE: join(folder, 'cache') },
      timeout: 120_000,
    })
    const { bytesPerRun, models, memories } = JSON.parse(output)
    expect(bytesPerRun).toBeLessThan(1)
    // The last of a row may still be held by the call that made it.
    expect(models.collected).toBeGreaterThanOrEqual(models.count - 1)
    expect(memories.collected).toBeGreaterThanOrEqual(memories.count - 1)
  }, 120_000)
})
