import type { Command } from 'commander'
import type { Host } from '../core/host.ts'
import { addGateCommands } from './energy-gate.ts'
import { addLayersCommand } from './energy-layers.ts'
import { addMeasureCommand } from './energy-measure.ts'
import { addReplayCommand } from './energy-replay.ts'
import { addUseCommands } from './energy-uses.ts'

/** Adds `energy` and its commands to the program. */
export function addEnergyCommands(program: Command, host: Host, version: string, finish: (code: number) => void): void {
  const energy = program
    .command('energy')
    .description('energy per inference one can trust: measure, gate in CI, carbon, battery life, label')
  addMeasureCommand(energy, host, version, finish)
  addReplayCommand(energy, host, version, finish)
  addLayersCommand(energy, host, finish)
  addGateCommands(energy, host, finish)
  addUseCommands(energy, host, finish)
}
