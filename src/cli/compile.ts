import { type Command, Option } from 'commander'
import { type CompiledModel, compileGraph } from '../compile/compile.ts'
import { hostSimd } from '../compile/host-simd.ts'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import type { Segment } from '../graph/segment.ts'
import { loadVariant } from '../loop/raw-engine.ts'
import { writeOutput } from '../loop/raw-run.ts'
import { formatCount, formatMacs } from '../report/format.ts'
import { plainStyle, type Table, tableLines } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { addDimensions, type DimensionOptions } from './options.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt compile`. */
interface CompileCommandOptions extends DimensionOptions {
  readonly out: string
  readonly semantics?: 'tflm' | 'fp32'
  readonly simd?: 'scalar' | 'simd128' | 'relaxed'
  readonly variant?: string
}

function layerTable({ manifest }: CompiledModel): Table {
  return {
    columns: [
      { title: 'layer', align: 'left', shrinks: true },
      { title: 'kernel', align: 'left' },
      { title: 'MACs', align: 'right' },
      { title: 'constants B', align: 'right' },
      { title: 'output B', align: 'right' },
      { title: 'scratch B', align: 'right' },
    ],
    rows: manifest.layers.map(({ name, kernel, macs, constantBytes, outputBytes, scratchBytes }) => [
      { text: name },
      { text: kernel },
      { text: formatMacs(macs) },
      { text: formatCount(constantBytes) },
      { text: formatCount(outputBytes) },
      { text: formatCount(scratchBytes) },
    ]),
  }
}

function textOf(path: string, compiled: CompiledModel): string {
  const { wasm, manifest } = compiled
  const head = [
    `${path}: ${formatCount(wasm.length)} bytes, ${manifest.semantics} semantics, ${manifest.simd} instructions`,
    `arena ${formatCount(manifest.arenaBytes)} bytes (no plan can have less than ${formatCount(manifest.arenaLowerBoundBytes)}), constants ${formatCount(manifest.constantBytes)} bytes`,
  ]
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  return [...head, '', ...tableLines(layerTable(compiled), process.stdout.columns ?? 120, style)].join('\n')
}

/** Compiles, where refusals name the operator. @throws MilliwattError OP_UNSUPPORTED */
function compile(segment: Segment, options: CompileCommandOptions): CompiledModel {
  const canonical = segmentIn(segment, 'canonical').graph
  try {
    return compileGraph(canonical, {
      semantics: options.semantics ?? (segment.source.format === 'tflite' ? 'tflm' : 'fp32'),
      simd: options.simd ?? hostSimd(),
    })
  } catch (error) {
    if (!isMilliwattError(error, 'BACKEND_FAILED')) throw error
    throw new MilliwattError('OP_UNSUPPORTED', error.where, `Compiler: ${error.detail}.`, error)
  }
}

/** Runs `milliwatt compile MODEL -o FILE` and gives the exit code. */
async function compileCommand(host: Host, model: string, options: CompileCommandOptions): Promise<number> {
  if (!options.out.toLowerCase().endsWith('.wasm'))
    throw new MilliwattError('USAGE', options.out, 'The name of a compiled module ends in .wasm.')
  const { segment } = await loadVariant(host, model, options)
  const compiled = compile(segment, options)
  await writeOutput(host, host.files.resolve(options.out), compiled.wasm)
  process.stdout.write(`${textOf(options.out, compiled)}\n`)
  return exitCodes.done
}

/** Adds `compile` to the program. */
export function addCompileCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('compile')
    .argument('<model>', 'an .onnx or .tflite file, or a shipped model with --variant')
    .description('compile a model to one WebAssembly module that runs without the compiler')
    .requiredOption('-o, --out <file>', 'the module to write, NAME.wasm')
    .addOption(
      new Option(
        '--semantics <name>',
        'integer rounding: of TensorFlow Lite Micro, or of float scales as in onnxruntime (default: tflm for .tflite, fp32 for .onnx)',
      ).choices(['tflm', 'fp32']),
    )
    .addOption(
      new Option('--simd <name>', 'instructions (default: the best that this host computes right)').choices([
        'scalar',
        'simd128',
        'relaxed',
      ]),
    )
    .option('--variant <name>', 'the variant of a shipped model')
  addDimensions(command).action(async (model: string, options: CompileCommandOptions) => {
    finish(await compileCommand(host, model, options))
  })
}
