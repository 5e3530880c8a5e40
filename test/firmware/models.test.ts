import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CompileCOptions, compileC } from '../../src/compile/c/compile-c.ts'
import type { CModel } from '../../src/compile/c/render.ts'
import { readModel } from '../../src/formats/list.ts'
import { needs } from '../support/needs.ts'
import { sharedPath } from '../support/shared.ts'
import { runOnBoard } from './run-on-board.ts'

const data = sharedPath('data/mlperf-tiny')
const names = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8', 'str_ww_ref_model']
const ports = ['qemu-mps2-an385', 'qemu-mps2-an386', 'qemu-mps3-an547']
const compiled = (name: string, options: CompileCOptions): CModel =>
  compileC(readModel(readFileSync(`${data}/models/${name}.tflite`), name).graph, options)

needs('a compiler for Cortex-M')('models as firmware', () => {
  needs('an emulator of Cortex-M')('in the emulator', () => {
    describe.skipIf(data === null)('MLPerf Tiny, bit for bit as TFLite Micro', () => {
      it.each(ports)('%s', { timeout: 240_000 }, async (port) => {
        for (const name of names) {
          const model = compiled(name, { target: 'portable' })
          const inputs = [new Uint8Array(readFileSync(`${data}/golden/${name}.in.bin`))]
          const { outputs } = await runOnBoard([{ model, inputs }], { port, flags: ['-O2'] })
          const expected = readFileSync(`${data}/golden/${name}.out.bin`)
          expect([name, Buffer.concat(outputs[0]!).equals(expected)]).toEqual([name, true])
        }
      })
    })
  })
})
