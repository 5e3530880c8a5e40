import { expect, it } from 'vitest'
import { segmentFor } from '../../src/backends/backend.ts'
import { tfliteC } from '../../src/backends/tflite-c.ts'
import type { Device } from '../../src/core/device.ts'
import { readModel } from '../../src/formats/list.ts'
import { writeTflite } from '../../src/formats/tflite/writer.ts'
import { nodeHost } from '../../src/hosts/node.ts'
import { packagePath } from '../../src/hosts/node-packages.ts'
import { smallNetwork } from '../support/tflite-graphs.ts'

const host = nodeHost()
const cpu: Device = { id: 'cpu', kind: 'cpu', name: 'cpu', facts: {}, sources: [] }
const here = await tfliteC.available(host)
const withVariable = (path: string) => ({ ...host, environment: { MILLIWATT_TFLITE_C: path } })

it.runIf(packagePath('koffi'))(
  'says why a library that is named cannot be used, and does not take another',
  async () => {
    for (const path of ['/nowhere/libtensorflowlite_c.so', 'package.json'])
      expect(await tfliteC.available(withVariable(path))).toMatchObject({
        ok: false,
        reason: expect.stringContaining(path),
        next: expect.stringContaining('MILLIWATT_TFLITE_C'),
      })
  },
)

it.runIf(here.ok)('takes the library that the variable names', async () => {
  const folders = { linux: { x64: 'linux_amd64', arm64: 'linux_arm64' } } as Record<string, Record<string, string>>
  const folder = folders[process.platform]?.[process.arch]
  const path = packagePath(`tfjs-tflite-node/cc_deps/${folder}/libtensorflowlite_c.so`)
  if (path === null) return
  const named = { ...withVariable(path), packagePath: () => null }
  expect(await tfliteC.available(named)).toMatchObject({ ok: true, engine: 'TensorFlow Lite 2.9.0 with XNNPACK' })
})

it.runIf(here.ok)('tells in the library’s own words why it does not read a model', async () => {
  const segment = segmentFor(readModel(writeTflite(smallNetwork()), 'made'), tfliteC)
  const broken = { ...segment, source: { ...segment.source, bytes: segment.source.bytes.subarray(0, 200) } }
  await expect(tfliteC.prepare(broken, cpu, host)).rejects.toMatchObject({
    code: 'BACKEND_FAILED',
    detail: expect.stringContaining('The model cannot be read'),
  })
})
