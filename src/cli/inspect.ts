import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { inspect } from '../loop/inspect.ts'
import { loadVariant } from '../loop/raw-engine.ts'
import { plainStyle } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { inspectionText } from './inspect-text.ts'
import { addDimensions, type DimensionOptions } from './options.ts'
import { terminalStyle } from './run-output.ts'

/** Options of `milliwatt inspect`. */
interface InspectOptions extends DimensionOptions {
  readonly variant?: string
  readonly board?: string
  readonly json?: boolean
}

async function inspectCommand(host: Host, model: string, options: InspectOptions): Promise<number> {
  const inspection = await inspect(host, await loadVariant(host, model, options), options.board)
  const style = process.stdout.isTTY ? terminalStyle : plainStyle
  const text = options.json
    ? JSON.stringify(inspection, null, 2)
    : inspectionText(inspection, Math.max(60, process.stdout.columns ?? 120), style)
  process.stdout.write(`${text}\n`)
  return inspection.board?.fits === false ? exitCodes.goalNotMet : exitCodes.done
}

/** Adds `inspect` to the program. */
export function addInspectCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('inspect')
    .argument('<model>', 'an .onnx or .tflite file, or a shipped model with --variant')
    .description('show what is in a model: operators, tensors, quantisation, sizes, and what runs where and why not')
    .option('--variant <name>', 'the variant of a shipped model')
    .option('--board <id>', 'say whether it fits this board (targets/boards), exit code 3 if not')
    .option('--json', 'print one JSON document on standard output and nothing else')
  addDimensions(command).action(async (model: string, options: InspectOptions) => {
    finish(await inspectCommand(host, model, options))
  })
}
