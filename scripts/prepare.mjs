// Builds after an installation in a checkout. Where TypeScript is left out (npm ci --omit=dev) there is nothing to
// build with: what an earlier build left in dist/ stays, and the line says what is missing.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

function findCompiler() {
  try {
    return join(dirname(createRequire(join(root, 'package.json')).resolve('typescript/package.json')), 'bin', 'tsc')
  } catch {
    return null
  }
}

const compiler = findCompiler()
if (compiler) {
  process.exitCode = spawnSync(process.execPath, [compiler, '-p', root], { stdio: 'inherit' }).status ?? 1
} else {
  const built = existsSync(join(root, 'dist', 'cli', 'main.js'))
  const rest = built ? 'dist/ stays as it was built before.' : 'dist/ is missing: run "npm ci && npm run build" first.'
  process.stdout.write(`milliwatt: TypeScript is not installed, so nothing is built. ${rest}\n`)
}
