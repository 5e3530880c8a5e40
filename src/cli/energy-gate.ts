import { type Command, Option } from 'commander'
import type { Host } from '../core/host.ts'
import { checkEnergy } from '../energy/check-energy.ts'
import { compareEnergy } from '../energy/compare-energy.ts'
import type { FigureName } from '../energy/gate.ts'
import { type GateResult, gateJunit, gateMarkdown, gateText } from '../report/energy-gate.ts'
import {
  type AcceptOptions,
  acceptedProvenances,
  addAccept,
  loadRecord,
  outputStyle,
  toShare,
  writeText,
} from './energy-options.ts'
import { exitCodes } from './exit.ts'
import { toNumber, toPositive } from './options.ts'

/** Options of both gates. */
interface GateCommandOptions extends AcceptOptions {
  readonly figure: FigureName
  readonly confidence: number
  readonly junit?: string
  readonly markdown?: string
  readonly json?: boolean
}

interface CheckOptions extends GateCommandOptions {
  readonly maxUj: number
}

interface CompareOptions extends GateCommandOptions {
  readonly tolerance: number
  readonly mustFind: number
  readonly sameMeter?: boolean
}

function addGateOptions(command: Command, confidence: number): Command {
  return addAccept(
    command
      .addOption(
        new Option('--figure <name>', 'with idle (gross) or above it (net)').choices(['gross', 'net']).default('gross'),
      )
      .option('--confidence <share>', 'confidence that is asked for', toShare, confidence)
      .option('--junit <file>', 'write the result as JUnit XML')
      .option('--markdown <file>', 'write the result as Markdown')
      .option('--json', 'print one JSON document on standard output and nothing else'),
  )
}

/** Prints and writes a result; only a passed gate exits with 0. */
async function tell(host: Host, result: GateResult, options: GateCommandOptions): Promise<number> {
  if (options.junit !== undefined) await writeText(host, options.junit, gateJunit(result))
  if (options.markdown !== undefined) await writeText(host, options.markdown, gateMarkdown(result))
  const { width, style } = outputStyle()
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : gateText(result, width, style))
  return result.outcome === 'passed' ? exitCodes.done : exitCodes.goalNotMet
}

const gateOptions = (options: GateCommandOptions) => ({
  figure: options.figure,
  confidence: options.confidence,
  accept: acceptedProvenances(options),
})

async function checkCommand(host: Host, path: string, options: CheckOptions): Promise<number> {
  const record = await loadRecord(host, path)
  const gated = { name: host.files.basename(path), record }
  return tell(host, checkEnergy(gated, options.maxUj / 1e6, gateOptions(options)), options)
}

async function compareCommand(host: Host, a: string, b: string, options: CompareOptions): Promise<number> {
  const [before, after] = await Promise.all([a, b].map((path) => loadRecord(host, path)))
  const names = [a, b].map((path) => host.files.basename(path))
  const different = names[0] !== names[1]
  const gated = (record: typeof before, at: number) => ({ name: different ? names[at]! : [a, b][at]!, record: record! })
  const { tolerance, mustFind, sameMeter = false } = options
  const limits = { tolerance: tolerance / 100, mustFind: mustFind / 100, sameMeter }
  const result = compareEnergy(gated(before, 0), gated(after, 1), limits, gateOptions(options))
  return tell(host, result, options)
}

/** Adds `check` and `compare` to the energy commands. */
export function addGateCommands(energy: Command, host: Host, finish: (code: number) => void): void {
  const check = energy
    .command('check')
    .argument('<record>', 'an energy record')
    .description('exit with 0 only if energy per inference is shown to stay within a limit, else with 3')
    .requiredOption('--max-uj <µJ>', 'most energy of one inference', toPositive)
  addGateOptions(check, 0.95).action(async (path: string, options: CheckOptions) => {
    finish(await checkCommand(host, path, options))
  })
  const compare = energy
    .command('compare')
    .argument('<a>', 'the energy record before')
    .argument('<b>', 'the energy record after')
    .description('exit with 3 if B is shown to take more than A, or if they cannot be compared')
    .option('--tolerance <percent>', 'increase that is let pass', toNumber, 1)
    .option('--must-find <percent>', 'increase that must be visible; else nothing is shown', toPositive, 5)
    .option('--same-meter', 'one instrument read both, where the records do not tell it')
  addGateOptions(compare, 0.98).action(async (a: string, b: string, options: CompareOptions) => {
    finish(await compareCommand(host, a, b, options))
  })
}
