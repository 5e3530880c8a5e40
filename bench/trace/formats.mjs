// Time, size and memory of the trace formats on PPK2-like samples: node bench/trace/formats.mjs [MILLIONS]
// 10 million samples to Parquet in at most 4 s and 1.2 bytes a sample; every command within 200 MB whatever the length.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { measured } from './measured.mjs'
import { recordPpk2Like } from './support.mjs'

const millions = Number(process.argv[2] ?? 10)
const main = resolve(import.meta.dirname, '../../dist/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'milliwatt-bench-'))
const timed = (...args) => measured('--max-old-space-size=100', main, 'trace', ...args)

try {
  const source = await recordPpk2Like(join(folder, 'source'), millions * 1e6)
  const bytesEach = (path) => (statSync(path).size / (millions * 1e6)).toFixed(2)
  const print = (what, { seconds, processorS, megabytes }, size) =>
    console.log(
      `${what.padEnd(22)} ${seconds.toFixed(1).padStart(6)} s (${processorS.toFixed(1).padStart(5)} s of a core) ${megabytes.toFixed(0).padStart(5)} MB${size ? `  ${size.padStart(6)} B/sample` : ''}`,
    )
  console.log(`${millions} million samples, ${bytesEach(source)} B/sample as recorded`)
  const worst = []
  for (const ending of ['parquet', 'ppk2', 'csv', 'raw']) {
    const target = join(folder, `out.${ending}`)
    const written = await timed('convert', source, target)
    print(`write ${ending}`, written, bytesEach(target))
    const read = await timed('inspect', target, '--json')
    print(`inspect ${ending}`, read)
    worst.push(written.megabytes, read.megabytes)
    rmSync(target)
  }
  for (const args of [
    ['inspect', source],
    ['plot', source, '-o', join(folder, 'a.html')],
    ['compare', source, source],
  ]) {
    const result = await timed(...args)
    print(`${args[0]} capture`, result)
    worst.push(result.megabytes)
  }
  console.log(`most memory of any command: ${Math.max(...worst).toFixed(0)} MB (at most 200)`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
