import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The folder of large data beside the checkout, or what MILLIWATT_SHARED names. */
const shared = process.env.MILLIWATT_SHARED ?? resolve(import.meta.dirname, '../../../shared')

/** Path of something in the shared folder, or null when it is not here. */
export function sharedPath(...parts: readonly string[]): string | null {
  const path = join(shared, ...parts)
  return existsSync(path) ? path : null
}
