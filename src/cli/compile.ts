import { type Command, Option } from 'commander'
import { compileC } from '../compile/c/compile-c.ts'
import type { CModel } from '../compile/c/render.ts'
import { type CompiledModel, compileGraph } from '../compile/compile.ts'
import { hostSimd } from '../compile/host-simd.ts'
import type { ManifestLayer } from '../compile/manifest.ts'
import type { Semantics } from '../compile/program.ts'
import { isMilliwattError, MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { segmentIn } from '../formats/forms.ts'
import type { Graph } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { loadVariant } from '../loop/raw-engine.ts'
import { writeOutput } from '../loop/raw-run.ts'
import { writeC, writeCFolder } from '../loop/write-c.ts'
import { formatCount, formatMacs } from '../report/format.ts'
import { plainStyle, type Table, tableLines } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { addDimensions, type DimensionOptions } from './options.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt compile`. */
interface CompileCommandOptions extends DimensionOptions {
  readonly out: string
  readonly to?: 'wasm' | 'c'
  readonly semantics?: 'tflm' | 'fp32'
  readonly simd?: 'scalar' | 'simd128' | 'relaxed'
  readonly variant?: string
}

function layerTable(layers: readonly ManifestLayer[]): Table {
  return {
    columns: [
      { title: 'layer', align: 'left', shrinks: true },
      { title: 'kernel', align: 'left' },
      { title: 'MACs', align: 'right' },
      { title: 'constants B', align: 'right' },
      { title: 'output B', align: 'right' },
      { title: 'scratch B', align: 'right' },
    ],
    rows: layers.map(({ name, kernel, macs, constantBytes, outputBytes, scratchBytes }) => [
      { text: name },
      { text: kernel },
      { text: formatMacs(macs) },
      { text: formatCount(constantBytes) },
      { text: formatCount(outputBytes) },
      { text: formatCount(scratchBytes) },
    ]),
  }
}

/** What both kinds of compiled models tell of themselves. */
interface Facts {
  readonly layers: readonly ManifestLayer[]
  readonly arenaBytes: number
  readonly arenaLowerBoundBytes: number
  readonly constantBytes: number
}

function textOf(head: readonly string[], facts: Facts): string {
  const arena = `arena ${formatCount(facts.arenaBytes)} bytes (no plan can have less than ${formatCount(facts.arenaLowerBoundBytes)}), constants ${formatCount(facts.constantBytes)} bytes`
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  return [...head, arena, '', ...tableLines(layerTable(facts.layers), process.stdout.columns ?? 120, style)].join('\n')
}

/** Compiles, where refusals name the operator. @throws MilliwattError OP_UNSUPPORTED */
function compile<Compiled>(
  segment: Segment,
  options: CompileCommandOptions,
  render: (canonical: Graph, semantics: Semantics) => Compiled,
): Compiled {
  const canonical = segmentIn(segment, 'canonical').graph
  try {
    return render(canonical, options.semantics ?? (segment.source.format === 'tflite' ? 'tflm' : 'fp32'))
  } catch (error) {
    if (!isMilliwattError(error, 'BACKEND_FAILED')) throw error
    throw new MilliwattError('OP_UNSUPPORTED', error.where, `Compiler: ${error.detail}.`, error)
  }
}

async function toWasm(host: Host, segment: Segment, options: CompileCommandOptions): Promise<string> {
  const { wasm, manifest } = compile(segment, options, (canonical, semantics): CompiledModel => {
    return compileGraph(canonical, { semantics, simd: options.simd ?? hostSimd() })
  })
  await writeOutput(host, host.files.resolve(options.out), wasm)
  const head = `${options.out}: ${formatCount(wasm.length)} bytes, ${manifest.semantics} semantics, ${manifest.simd} instructions`
  return textOf([head], manifest)
}

/** A model as portable C under a name. @throws MilliwattError USAGE for options without a meaning for C */
function portableC(segment: Segment, options: CompileCommandOptions, name: string): CModel {
  if (options.simd) throw new MilliwattError('USAGE', '--simd', 'It is for .wasm; C is portable.')
  return compile(segment, options, (canonical, semantics) => {
    return compileC(canonical, { target: 'portable', semantics, name })
  })
}

const headOf = (options: CompileCommandOptions, model: CModel, written: readonly string[]): readonly string[] => [
  `${options.out}: C99, ${model.manifest.semantics} semantics; build it with "cc -std=c99 -O2 -c ${written[0]}"`,
  `written beside it: ${written.slice(1).join(', ')}`,
]

async function toC(host: Host, segment: Segment, options: CompileCommandOptions): Promise<string> {
  const path = host.files.resolve(options.out)
  const model = portableC(segment, options, host.files.basename(path).slice(0, -2))
  const written = await writeC(host, host.files.dirname(path), model)
  return textOf(headOf(options, model, written), model.manifest)
}

/** Named after the model's file, in a folder with a README. */
async function toCFolder(
  host: Host,
  segment: Segment,
  options: CompileCommandOptions,
  modelName: string,
): Promise<string> {
  const model = portableC(segment, options, modelName)
  const written = await writeCFolder(host, host.files.resolve(options.out), model)
  return textOf(headOf(options, model, written), model.manifest)
}

/** Who writes a file of this ending. */
const writers: Readonly<Record<string, typeof toC>> = { '.wasm': toWasm, '.c': toC }

/** Who writes what is asked for. @throws MilliwattError USAGE for an ending that says nothing */
function writerOf({ out, to }: CompileCommandOptions): typeof toCFolder {
  if (to) return to === 'c' ? toCFolder : toWasm
  const write = writers[/\.[^./\\]+$/.exec(out)?.[0].toLowerCase() ?? '']
  if (write) return write
  const detail = 'The name of a compiled module ends in .wasm, of a model in C in .c; a folder of C wants "--to c".'
  throw new MilliwattError('USAGE', out, detail)
}

/** Runs `milliwatt compile MODEL -o FILE` and gives the exit code. */
async function compileCommand(host: Host, model: string, options: CompileCommandOptions): Promise<number> {
  const write = writerOf(options)
  const { segment, name } = await loadVariant(host, model, options)
  process.stdout.write(`${await write(host, segment, options, name)}\n`)
  return exitCodes.done
}

/** Adds `compile` to the program. */
export function addCompileCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('compile')
    .argument('<model>', 'an .onnx or .tflite file, or a shipped model with --variant')
    .description('compile a model to one WebAssembly module that runs without the compiler, or to C for any board')
    .requiredOption(
      '-o, --out <file>',
      'what to write: a module, NAME.wasm, or C, NAME.c with its header and kernels; with "--to c" a folder',
    )
    .addOption(
      new Option('--to <form>', 'the form, whatever the name ends in; "c" is a folder for firmware').choices([
        'wasm',
        'c',
      ]),
    )
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
