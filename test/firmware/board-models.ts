import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { compileC } from '../../src/compile/c/compile-c.ts'
import type { CModel } from '../../src/compile/c/render.ts'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import type { Semantics } from '../../src/compile/program.ts'
import { segmentIn } from '../../src/formats/forms.ts'
import { readModel } from '../../src/formats/list.ts'
import type { Graph } from '../../src/graph/graph.ts'
import { randomElements } from '../compile/op-cases.ts'
import { numbers } from '../compile/random-layer.ts'
import { sharedPath } from '../support/shared.ts'

/** Ports whose boards QEMU emulates: Cortex-M3, M4F and M55. */
export const emulatedPorts: readonly string[] = ['qemu-mps2-an385', 'qemu-mps2-an386', 'qemu-mps3-an547']

/** A model to run on boards, in the semantics of its format. */
export interface BoardModel {
  readonly name: string
  readonly graph: Graph
  readonly semantics: Semantics
}

const mlperfTiny = ['kws_ref_model', 'pretrainedResnet_quant', 'vww_96_int8', 'ad01_int8', 'str_ww_ref_model']

/** The int8 models of MLPerf Tiny and its streaming wake word; none where the shared data is not here. */
export function mlperfModels(): readonly BoardModel[] {
  const folder = sharedPath('data/mlperf-tiny/models')
  if (folder === null) return []
  return mlperfTiny.map((name) => {
    const bytes = readFileSync(join(folder, `${name}.tflite`))
    return { name, graph: segmentIn(readModel(bytes, name), 'canonical').graph, semantics: 'tflm' }
  })
}

/** The shipped keyword spotters of int8. */
export function shippedModels(): readonly BoardModel[] {
  return [16, 32, 64].map((width) => {
    const name = `ds-cnn-${width}-int8`
    const bytes = readFileSync(resolve(import.meta.dirname, `../../models/kws/${name}.onnx`))
    return { name, graph: segmentIn(readModel(bytes, name), 'canonical').graph, semantics: 'fp32' }
  })
}

/** A model with inputs, and what the host's engine makes of them. */
export interface BoardJob {
  readonly name: string
  readonly model: CModel
  readonly inputs: readonly Uint8Array[]
  /** By run: the bytes of all outputs. */
  readonly expected: readonly Uint8Array[]
}

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** A model with random inputs for so many runs. */
export function boardJob({ name, graph, semantics }: BoardModel, runs: number): BoardJob {
  const host = instantiate(compileGraph(graph, { semantics, simd: 'scalar' }).wasm)
  const random = numbers(runs + 7)
  const [inputs, expected]: [Uint8Array[], Uint8Array[]] = [[], []]
  for (let run = 0; run < runs; run++) {
    for (const { dtype, data } of host.inputs) {
      data.set(randomElements(dtype, data.length, random) as never)
      inputs.push(bytesOf(data).slice())
    }
    host.run()
    expected.push(Buffer.concat(host.outputs.map(({ data }) => bytesOf(data))))
  }
  return { name, model: compileC(graph, { target: 'portable', semantics }), inputs, expected }
}

/** Jobs in groups whose constants a board with so much flash takes at once; those that do not fit alone are left out. */
export function groupsThatFit(jobs: readonly BoardJob[], flashBytes: number): readonly (readonly BoardJob[])[] {
  const codeBytes = 64 * 1024
  const groups: BoardJob[][] = []
  let left = 0
  for (const job of jobs) {
    const bytes = job.model.manifest.constantBytes
    if (bytes > flashBytes - codeBytes) continue
    if (groups.length === 0 || bytes > left) {
      groups.push([])
      left = flashBytes - codeBytes
    }
    groups.at(-1)!.push(job)
    left -= bytes
  }
  return groups
}

/** Multiply-accumulates of one run. */
export function macsOf({ manifest }: CModel): number {
  return manifest.layers.reduce((sum, { macs }) => sum + macs, 0)
}
