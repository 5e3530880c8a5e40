import type { Command } from 'commander'
import { backends } from '../backends/list.ts'
import type { Host } from '../core/host.ts'
import { describeFinding } from '../devices/describe.ts'
import { probe } from '../loop/probe.ts'
import { exitCodes } from './exit.ts'
import { addDelegates, type DelegateOptions, withDelegates } from './options.ts'

/** Adds `devices` to the program. */
export function addDevicesCommand(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('devices')
    .description('show the processors, accelerators, boards and meters that are here, and why others are not usable')
    .option('--json', 'print one JSON document on standard output and nothing else')
    .action(async ({ json, ...options }: DelegateOptions & { readonly json?: boolean }) => {
      const { machine, findings, power } = await probe(withDelegates(host, options), backends)
      // Nothing was read here: what rests on a board's published figures is modelled.
      const publishedPower = power && { ...power, provenance: 'modelled' }
      const lines = [`machine: ${machine}`, ...findings.map(describeFinding)]
      const text = json ? JSON.stringify({ version: 1, machine, publishedPower, findings }, null, 2) : lines.join('\n')
      process.stdout.write(`${text}\n`)
      finish(exitCodes.done)
    })
  addDelegates(command)
}
