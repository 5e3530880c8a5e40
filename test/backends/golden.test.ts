import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { onnxruntimeWeb } from '../../src/backends/onnxruntime-web.ts'
import { openRuntimeOn } from '../../src/loop/runtime.ts'
import { denseModel } from '../support/onnx-builder.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()
const host = testHost(folder)
const path = join(folder, 'dense.onnx')
writeFileSync(path, denseModel(8, 3))

/** An engine that gives its scores in the wrong order. */
const lying: Backend = {
  ...onnxruntimeWeb,
  name: 'lying',
  prepare: async (...given) => {
    const executable = await onnxruntimeWeb.prepare(...given)
    const run: typeof executable.run = async (inputs) => {
      const { y } = await executable.run(inputs)
      return { y: { ...y!, data: (y!.data as Float32Array).toReversed() } }
    }
    return { ...executable, run, [Symbol.asyncDispose]: () => executable[Symbol.asyncDispose]() }
  },
}

it('a plan does not use an engine whose outputs are not the reference interpreter’s', async () => {
  await using runtime = await openRuntimeOn(host, { backends: [lying, onnxruntimeWeb] })
  const { plan } = await runtime.load(path)
  expect(plan.chosen?.backend).toBe('onnxruntime-web')
  expect(plan.candidates.find((row) => row.backend === 'lying')).toMatchObject({
    verdict: 'rejected',
    reason: expect.stringMatching(/^golden check: output "y" differs by /),
  })
})
