import { type Command, Option } from 'commander'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { toOnnx } from '../formats/convert/to-onnx.ts'
import { segmentIn } from '../formats/forms.ts'
import { readModel } from '../formats/list.ts'
import { writeOnnx } from '../formats/onnx/write.ts'
import { writeTflite } from '../formats/tflite/writer.ts'
import { modelFacts } from '../graph/facts.ts'
import type { Graph } from '../graph/graph.ts'
import type { Segment } from '../graph/segment.ts'
import { loadVariant } from '../loop/raw-engine.ts'
import { writeOutput } from '../loop/raw-run.ts'
import { formatCount } from '../report/format.ts'
import { exitCodes } from './exit.ts'
import { addDimensions, type DimensionOptions } from './options.ts'

/** Options of `milliwatt convert`. */
interface ConvertOptions extends DimensionOptions {
  readonly activations: 'int8' | 'uint8'
}

type Writer = (canonical: Graph, options: ConvertOptions) => Uint8Array

/** Who writes a file of this ending. */
const writers: Readonly<Record<string, Writer>> = {
  '.onnx': (canonical, { activations }) => writeOnnx(toOnnx(canonical, { activations })),
  '.tflite': (canonical) => writeTflite(canonical),
}

/** The writer that a path asks for. @throws MilliwattError USAGE for endings that no writer has */
function writerFor(path: string): Writer {
  const ending = /\.[^./\\]+$/.exec(path)?.[0].toLowerCase() ?? ''
  const writer = writers[ending]
  if (writer) return writer
  throw new MilliwattError('USAGE', path, `Its name must end in ${Object.keys(writers).join(' or ')}.`)
}

/** Lines on one side of a conversion: file, format and size, then the operators with their counts. */
function describe(path: string, { graph, source }: Segment): readonly string[] {
  const versions = Object.entries(graph.opsets).map(([domain, version]) =>
    domain === 'tflite' ? `schema ${version}` : `opset ${domain ? `${domain} ` : ''}${version}`,
  )
  const ops = modelFacts(graph).ops.map(([op, count]) => `${op} ${count}`)
  return [
    `${path}: ${source.format} (${versions.join(', ')}), ${formatCount(source.bytes.length)} bytes, ${graph.nodes.length} operators`,
    `  ${ops.join(', ')}`,
  ]
}

/** Runs `milliwatt convert A B` and gives the exit code. */
async function convertCommand(host: Host, from: string, to: string, options: ConvertOptions): Promise<number> {
  const write = writerFor(to)
  const { segment } = await loadVariant(host, from, options)
  const bytes = write(segmentIn(segment, 'canonical').graph, options)
  const written = readModel(bytes, to)
  await writeOutput(host, host.files.resolve(to), bytes)
  process.stdout.write(`${[...describe(from, segment), ...describe(to, written)].join('\n')}\n`)
  return exitCodes.done
}

/** Adds `convert` to the program. */
export function addConvertCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('convert')
    .argument('<model>', 'an .onnx or .tflite file, told by its content')
    .argument('<file>', 'the file to write; its ending says the format: .onnx (QDQ) or .tflite')
    .description('write a model in the other format; outputs stay the same bit for bit where both formats can say it')
    .addOption(
      new Option('--activations <type>', 'type of quantised activations inside an .onnx; same reals, uint8 is faster')
        .choices(['int8', 'uint8'])
        .default('int8'),
    )
  addDimensions(command).action(async (from: string, to: string, options: ConvertOptions) => {
    finish(await convertCommand(host, from, to, options))
  })
}
