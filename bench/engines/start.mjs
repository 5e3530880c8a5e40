import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spread } from './interleave.mjs'

const child = fileURLToPath(new URL('fresh.mjs', import.meta.url))

/** A process that hangs is given up. */
const timeoutMs = 60_000

/**
 * Runs an engine `times` times in fresh processes on a model's form: milliseconds to the first result, the best
 * microseconds a run where nothing else is loaded, and resident bytes.
 */
export async function measureStart(engine, form, times) {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-start-'))
  try {
    writeFileSync(join(folder, 'model'), await engine.file(form))
    const { input, output, inputs } = form
    writeFileSync(join(folder, 'form.json'), JSON.stringify({ input, output, length: inputs[0].length }))
    const runs = Array.from({ length: times }, () =>
      JSON.parse(
        execFileSync(process.execPath, [child, folder, engine.name], {
          encoding: 'utf8',
          timeout: timeoutMs,
          stdio: ['ignore', 'pipe', 'ignore'],
        })
          .trim()
          .split('\n')
          .at(-1),
      ),
    )
    const of = (field) => spread(runs.map((run) => run[field]))
    return { firstMs: of('firstMs'), usAlone: of('usAlone'), firstBytes: of('firstBytes'), warmBytes: of('warmBytes') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
