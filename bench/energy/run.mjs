// All figures of the energy side, one script after another: node bench/energy/run.mjs [scale] (default 1: 1000 sessions,
// 4000 gate trials, 300 layer trials). Exit code 1 when any figure misses its bound.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const scale = Number(process.argv[2] ?? 1)
const scripts = { coverage: 1000, gate: 4000, layers: 300 }
for (const [name, count] of Object.entries(scripts)) {
  console.log(`${name}:`)
  const path = join(import.meta.dirname, `${name}.mjs`)
  const { status } = spawnSync(process.execPath, [path, String(Math.max(1, Math.round(count * scale)))], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
}
