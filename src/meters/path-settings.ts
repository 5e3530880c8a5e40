import { MilliwattError } from '../core/errors.ts'

/** What a setting in a meter's path may be, for checks and help texts. */
export interface SettingSpec {
  /** What it does, with its default. */
  readonly what: string
  /** Reads the text; null when it is not legal. */
  readonly read: (text: string) => string | number | null
}

/** A number within limits, with `k` for thousands. */
export function numberSetting(what: string, least: number, most: number): SettingSpec {
  const read = (text: string) => {
    const value = Number(text.replace(/k$/i, '')) * (/k$/i.test(text) ? 1000 : 1)
    return /^[\d.]+(e-?\d+)?k?$/i.test(text) && value >= least && value <= most ? value : null
  }
  return { what: `${what} (${least} to ${most})`, read }
}

/** One of some words. */
export function choiceSetting(what: string, choices: readonly string[]): SettingSpec {
  return { what: `${what} (${choices.join(', ')})`, read: (text) => (choices.includes(text) ? text : null) }
}

/** Any text that matches. */
export function textSetting(what: string, pattern: RegExp): SettingSpec {
  return { what, read: (text) => (pattern.test(text) ? text : null) }
}

/** A meter's path without its settings, and the settings by name. */
export interface SplitPath {
  readonly path: string
  number(name: string): number | undefined
  text(name: string): string | undefined
}

/**
 * Splits `PATH,name=value,…` and checks the settings.
 * @throws MilliwattError USAGE, which lists the settings there are
 */
export function splitPath(driver: string, whole: string, specs: Readonly<Record<string, SettingSpec>>): SplitPath {
  const [path = '', ...parts] = whole.split(',')
  const values = new Map<string, string | number>()
  for (const part of parts) {
    const at = part.indexOf('=')
    const [name, text] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    const value = Object.hasOwn(specs, name) ? specs[name]!.read(text) : null
    if (value === null) {
      const known = Object.entries(specs).map(([key, spec]) => `${key}: ${spec.what}`)
      const help = known.length > 0 ? `known: ${known.join('; ')}` : 'it has none'
      throw new MilliwattError('USAGE', `${driver}:${whole}`, `("${part}" is no setting of this meter; ${help})`)
    }
    values.set(name, value)
  }
  const get = (name: string) => values.get(name)
  return {
    path,
    number: (name) => get(name) as number | undefined,
    text: (name) => get(name) as string | undefined,
  }
}
