// What quantizing costs, on data with labels: the shipped family on the validation speakers, MLPerf Tiny's float keyword
// model on spoken commands; and whether other engines answer like ours to every file that was written.
// node bench/quantize/run.mjs DATA MLPERF [--quick]
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mlperfSamples } from './mlperf-samples.mjs'

const dist = new URL('../../dist/', import.meta.url)
const load = (path) => import(new URL(path, dist))
const { nodeHost } = await load('hosts/node.js')
const { openRuntimeOn } = await load('loop/runtime.js')
const { quantizeJob } = await load('loop/quantize-job.js')
const { variantKinds } = await load('loop/quantize-model.js')
const { readQuantizeSource } = await load('loop/quantize-source.js')
const { readSamples } = await load('loop/labelled-samples.js')
const { quantize } = await load('loop/quantize.js')
const { compileGraph } = await load('compile/compile.js')
const { instantiate } = await load('compile/instantiate.js')
const { segmentIn } = await load('formats/forms.js')
const { readModel } = await load('formats/list.js')
const { quantizeValues } = await load('graph/quantized-values.js')

const [data, mlperf, quick] = process.argv.slice(2)
if (!mlperf) {
  process.stderr.write('node bench/quantize/run.mjs DATA MLPERF [--quick]\n')
  process.exit(2)
}
const host = nodeHost()
const folder = await mkdtemp(join(tmpdir(), 'milliwatt-quantize-'))
const engines = {
  tflite: ['compiled', 'tfjs-tflite', 'litert', 'tflite-c'],
  onnx: ['compiled', 'onnxruntime-web', 'onnxruntime-node'],
}

const job = (model, changes) => ({
  host,
  milliwatt: 'bench',
  model,
  source: {},
  kinds: variantKinds,
  maxDrop: null,
  wide: 'int16',
  border: 'int8',
  prune: [0.2, 0.4],
  formats: ['tflite', 'onnx'],
  ...changes,
})

function print(report) {
  console.log(`\n${report.model}, ${report.evaluation?.samples ?? 0} samples`)
  for (const { name, correct, total, drop, signalToNoiseDb, bytes, macs, latencyS, how } of report.rows) {
    const share = total === null ? '' : `${correct}/${total} ${((100 * correct) / total).toFixed(2)} %`
    const lost = drop === null ? '' : `lost ${(100 * drop).toFixed(2)}`
    const us = latencyS === null ? '' : `${(1e6 * latencyS).toFixed(0)} µs`
    console.log(
      `  ${name.padEnd(34)} ${share.padEnd(18)} ${lost.padEnd(12)} ${signalToNoiseDb?.toFixed(1) ?? '-'} dB  ${bytes} B  ${macs} MACs  ${us}  ${how}`,
    )
  }
}

/** Largest difference of two outputs: in steps where they are integers, else in the output's unit. */
function difference(a, b) {
  let most = 0
  for (let index = 0; index < a.length; index++) most = Math.max(most, Math.abs(Number(a[index]) - Number(b[index])))
  return most
}

/** The first input as a model wants it. */
function given(model, values) {
  const [spec] = model.inputs
  return spec.dtype === 'float32' ? values : quantize(spec, values).data
}

/** Our engine with the integer rounding that XNNPACK and onnxruntime have, whatever the format. */
async function floatScaled(path, inputs) {
  const { graph } = segmentIn(readModel(await readFile(path), path), 'canonical')
  const model = instantiate(compileGraph(graph, { semantics: 'fp32' }).wasm)
  return inputs.map((values) => {
    const [input] = graph.inputs.map((name) => graph.tensors.get(name))
    model.inputs[0].data.set(input.quantization ? quantizeValues(input, values) : values)
    model.run()
    return model.outputs[0].data.slice()
  })
}

/** Every file on every engine of its format, beside the compiled one. */
async function agreement(report, inputs) {
  for (const file of (await readdir(report.folder)).filter((name) => /\.(tflite|onnx)$/.test(name)).sort()) {
    const path = join(report.folder, file)
    const answers = new Map()
    let unit = ''
    for (const backend of engines[file.split('.').at(-1)]) {
      let runtime = null
      try {
        runtime = await openRuntimeOn(host, { backends: [backend] })
        const model = await runtime.load(path)
        unit = model.outputs[0].dtype === 'float32' ? '' : ' steps'
        const outputs = []
        for (const values of inputs)
          outputs.push(Object.values(await model.runAsync(given(model, values)))[0].data.slice())
        answers.set(backend, outputs)
      } catch (error) {
        answers.set(backend, `${error.message}`.slice(0, 90))
      } finally {
        await runtime?.dispose()
      }
    }
    const ours = await floatScaled(path, inputs)
    const fixed = difference(
      answers.get('compiled').flatMap((output) => [...output]),
      ours.flatMap((output) => [...output]),
    )
    const words = [...answers].slice(1).map(([backend, theirs]) => {
      if (typeof theirs === 'string') return `${backend}: ${theirs}`
      const most = Math.max(...theirs.map((output, at) => difference(output, ours[at])))
      return `${backend} ${unit === '' ? most.toExponential(1) : most}${unit}`
    })
    console.log(
      `  ${file.padEnd(40)} ${words.join(', ')}${file.endsWith('.tflite') ? `; fixed-point rounding of TensorFlow Lite Micro ${fixed.toPrecision(2)}${unit}` : ''}`,
    )
  }
}

async function family(path, inputsFrom) {
  const runtime = await openRuntimeOn(host, { backends: ['compiled'] })
  try {
    const report = await quantizeJob({ runtime, ...job(path, inputsFrom(join(folder, path.split('/').at(-1)))) })
    print(report)
    return report
  } finally {
    await runtime.dispose()
  }
}

try {
  const shipped = quick
    ? ['ds-cnn-32']
    : ['ds-cnn-16', 'ds-cnn-32', 'ds-cnn-48', 'ds-cnn-64', 'ds-cnn-64-exits', 'ds-cnn-128']
  for (const name of shipped) {
    const path = join(host.packageFolder, `models/kws/${name}-float32.onnx`)
    const report = await family(path, (out) => ({ out, data: { calibrate: data, most: 200, range: [-1, 1] } }))
    const { card, variant } = await readQuantizeSource(host, path, {})
    const lengths = [variant.segment.graph.tensors.get('features').shape.reduce((a, b) => a * b, 1)]
    const { samples } = await readSamples({ host, card, lengths }, data, 'val', 40)
    await agreement(
      report,
      samples.map(({ inputs }) => inputs[0]),
    )
    const free = await family(path, (out) => ({
      out: `${out}-free`,
      kinds: ['int8'],
      data: { calibrate: null, evaluate: data, evaluateSplit: 'val', most: 200, range: [-1, 1] },
    }))
    console.log(`  data-free: lost ${(100 * free.rows.at(-1).drop).toFixed(2)} points`)
  }
  const commands = await mlperfSamples(data, join(folder, 'commands'))
  const kws = await family(join(mlperf, 'models/kws_ref_model_float32.tflite'), (out) => ({
    out,
    data: { calibrate: commands.calibrate, evaluate: commands.evaluate, most: 300, range: [-1, 1] },
  }))
  await agreement(kws, commands.inputs.slice(0, 40))
  for (const [name, range] of quick
    ? []
    : [
        ['vww_96_float', [0, 1]],
        ['pretrainedResnet', [0, 255]],
        ['ad01_fp32', [-4, 4]],
        ['hello_world_float', [0, 6.3]],
      ]) {
    const report = await family(join(mlperf, `models/${name}.tflite`), (out) => ({
      out,
      kinds: ['int8', 'int16', 'int4'],
      data: { calibrate: null, most: 48, range },
    }))
    const { lengths } = await shapeOf(join(mlperf, `models/${name}.tflite`))
    await agreement(report, madeInputs(lengths, range, 8))
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function shapeOf(path) {
  const { variant } = await readQuantizeSource(host, path, {})
  const { graph } = variant.segment
  return {
    lengths: graph.inputs.map((name) => graph.tensors.get(name).shape.reduce((a, b) => a * Math.abs(Number(b)), 1)),
  }
}

function madeInputs([length], [low, high], count) {
  let state = 1
  const uniform = () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
  return Array.from({ length: count }, () => Float32Array.from({ length }, () => low + (high - low) * uniform()))
}
