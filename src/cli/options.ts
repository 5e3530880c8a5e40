import { type Command, InvalidArgumentError } from 'commander'
import { delegatesVariable } from '../backends/tflite-delegate-devices.ts'
import type { Host } from '../core/host.ts'

/** Parses a number option. @throws InvalidArgumentError */
export function toNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Not a number.')
  return value
}

/** Parses an option that must be above zero. @throws InvalidArgumentError */
export function toPositive(text: string): number {
  const value = toNumber(text)
  if (value <= 0) throw new InvalidArgumentError('Must be above 0.')
  return value
}

/** Lengths of dimensions that a model only names. */
export interface DimensionOptions {
  readonly dimensions: Readonly<Record<string, number>>
}

function addDimension(text: string, known: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const [, name, length] = /^(.+)=(\d+)$/.exec(text) ?? []
  if (name === undefined || Number(length) < 1)
    throw new InvalidArgumentError('Give NAME=LENGTH, batch=1 for instance.')
  return { ...known, [name]: Number(length) }
}

/** Gives a command the option that fixes open dimensions. */
export function addDimensions(command: Command): Command {
  return command.option(
    '--dimensions <name=length...>',
    'lengths of dimensions that the file leaves open: by name as batch=1, by INPUT:AXIS=1, or ?=1 for all without a name',
    addDimension,
    {},
  )
}

/** External delegates that the user names. */
export interface DelegateOptions {
  readonly delegate?: readonly string[]
}

/** Gives a command the option that names accelerators for TensorFlow Lite. */
export function addDelegates(command: Command): Command {
  return command.option(
    '--delegate <path?key=value&key=value...>',
    'external delegates of TensorFlow Lite (.so) with their options, tried before they are used',
  )
}

/** The host as it is when its environment names these delegates besides its own. */
export function withDelegates(host: Host, { delegate = [] }: DelegateOptions): Host {
  const named = [host.environment[delegatesVariable] ?? '', ...delegate].filter((text) => text !== '')
  return named.length === 0
    ? host
    : { ...host, environment: { ...host.environment, [delegatesVariable]: named.join(';') } }
}
