import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The folder of large data beside the checkout, or what MILLIWATT_SHARED names. */
const shared = process.env.MILLIWATT_SHARED ?? resolve(import.meta.dirname, '../../../shared')

/**
 * Path of something in the shared folder, or null when it is not here, so that tests on it can be skipped. Where `CI` is `true` it
 * throws instead: nothing is skipped unseen there.
 */
export function sharedPath(...parts: readonly string[]): string | null {
  const path = join(shared, ...parts)
  if (existsSync(path)) return path
  if (process.env.CI !== 'true') return null
  const name = join('shared', ...parts)
  throw new Error(`${name} is not here. Put the folder beside the checkout or name where it lies in MILLIWATT_SHARED.`)
}
