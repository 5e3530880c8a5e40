import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Host } from '../../src/core/host.ts'
import { nodeHost } from '../../src/hosts/node.ts'

/** A folder of its own for the tests of one file, removed after them. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** This machine, with its cache in a folder of the test's own. */
export function testHost(folder: string): Host {
  return { ...nodeHost(), cacheFolder: join(folder, 'cache') }
}
