import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { firstUnsupported, segmentFor } from '../../src/backends/backend.ts'
import { selectBackends } from '../../src/backends/list.ts'
import { simulatedNpus } from '../../src/backends/simulated-npu.ts'
import { readModel } from '../../src/formats/list.ts'
import { loadTargets } from '../../src/targets/load.ts'
import { sharedPath } from '../support/shared.ts'
import { differenceOn, host } from './compare.ts'

const folder = sharedPath('data', 'mlperf-tiny', 'models')

/** Steps of int8 outputs, or the output's unit of floats; the hybrid network quantises its activations at every run. */
const models: Readonly<Record<string, number>> = {
  kws_ref_model: 0,
  vww_96_int8: 0,
  ad01_int8: 0,
  pretrainedResnet_quant: 0,
  str_ww_ref_model: 0,
  micro_speech_quantized: 0,
  hello_world_int8: 0,
  ad01_fp32: 1e-4,
  hello_world_float: 1e-5,
  pretrainedResnet: 1e-5,
  vww_96_float: 1e-5,
  kws_ref_model_float32: 0.02,
}

it.runIf(process.env.CI === 'true')('has ../shared/data/mlperf-tiny in CI', () => {
  expect(folder).not.toBeNull()
})

describe.skipIf(!folder)('models on all backends (needs ../shared/data/mlperf-tiny)', async () => {
  for (const backend of selectBackends(undefined)) {
    const { ok } = await backend.available(host)
    it.runIf(ok).each(Object.entries(models))(
      `%s on ${backend.name}, within %d of the interpreter`,
      async (model, most) => {
        const segment = readModel(readFileSync(join(folder!, `${model}.tflite`)), model)
        expect(await differenceOn(backend, segment, 4)).toBeLessThanOrEqual(most)
      },
      60_000,
    )
  }

  const simulated = simulatedNpus((await loadTargets(host)).accelerators.values())
  const u55 = simulated.devices.find(({ id }) => id === 'npu:ethos-u55-128')!
  it.each(Object.keys(models))(
    '%s on a simulated accelerator: exact, or refused with a reason',
    async (model) => {
      const segment = readModel(readFileSync(join(folder!, `${model}.tflite`)), model)
      const reason = firstUnsupported(simulated.backend, segmentFor(segment, simulated.backend), u55)
      expect(reason === null).toBe(/int8|quant|kws_ref_model$|str_ww/.test(model))
      if (reason === null) expect(await differenceOn(simulated.backend, segment, 2, u55)).toBe(0)
      else expect(reason).toMatch(/is float32/)
    },
    60_000,
  )
})
