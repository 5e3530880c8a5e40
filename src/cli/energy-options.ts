import { type Command, InvalidArgumentError } from 'commander'
import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { Provenance } from '../core/provenance.ts'
import { readEnergyRecord } from '../energy/read-record.ts'
import type { EnergyRecord } from '../energy/record.ts'
import { energyRecordText } from '../report/energy-text.ts'
import { plainStyle, type TextStyle } from '../report/table.ts'
import { exitCodes } from './exit.ts'
import { toNumber } from './options.ts'
import { terminalStyle } from './run-output.ts'

/** Parses a share strictly between 0 and 1. @throws InvalidArgumentError */
export function toShare(text: string): number {
  const value = toNumber(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Must be above 0 and below 1.')
  return value
}

/** Parses a whole number from 1 on. @throws InvalidArgumentError */
export function toCount(text: string): number {
  const value = toNumber(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Must be a whole number from 1 on.')
  return value
}

/** Flags that let figures which no physical meter read satisfy a gate. */
export interface AcceptOptions {
  readonly acceptEmulated?: boolean
  readonly acceptModelled?: boolean
}

/** Gives a command the flags of `AcceptOptions`. */
export function addAccept(command: Command): Command {
  return command
    .option('--accept-emulated', 'let emulated figures satisfy the gate (rehearsals); the result says so')
    .option('--accept-modelled', 'let modelled figures satisfy the gate; the result says so')
}

/** The provenances that the flags let pass. */
export function acceptedProvenances({ acceptEmulated, acceptModelled }: AcceptOptions): readonly Provenance[] {
  return [...(acceptEmulated ? ['emulated' as const] : []), ...(acceptModelled ? ['modelled' as const] : [])]
}

/** Reads an energy record. @throws MilliwattError RECORD_INVALID */
export async function loadRecord(host: Host, path: string): Promise<EnergyRecord> {
  let text: string
  try {
    text = await host.files.readText(host.files.resolve(path))
  } catch (error) {
    throw new MilliwattError('RECORD_INVALID', path, `It cannot be read: ${messageOf(error)}.`, error)
  }
  return readEnergyRecord(text, path)
}

/** Where a record goes. */
export interface RecordOutput {
  readonly out?: string
  readonly json?: boolean
}

/** Writes a record to its file and prints it. @returns the exit code @throws MilliwattError OUTPUT_WRITE */
export async function giveRecord(host: Host, record: EnergyRecord, { out, json }: RecordOutput): Promise<number> {
  const text = `${JSON.stringify(record, null, 2)}\n`
  if (out !== undefined) await writeText(host, out, text)
  const { width, style } = outputStyle()
  process.stdout.write(json ? text : energyRecordText(record, width, style))
  return record.verdict === 'invalid' ? exitCodes.failed : exitCodes.done
}

/** Width and colours of standard output. */
export function outputStyle(): { readonly width: number; readonly style: TextStyle } {
  return { width: process.stdout.columns ?? 120, style: process.stdout.isTTY ? terminalStyle : plainStyle }
}

/** Writes a text file. @throws MilliwattError OUTPUT_WRITE */
export async function writeText(host: Host, path: string, content: string): Promise<void> {
  try {
    await host.files.write(host.files.resolve(path), content)
  } catch (error) {
    throw new MilliwattError('OUTPUT_WRITE', path, messageOf(error), error)
  }
}
