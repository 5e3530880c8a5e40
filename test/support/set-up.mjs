// Brings what the tests need where that is possible: Debian packages as root, optional npm packages. What stays
// missing is named here and again by the tests that skip; with CI=true anything missing is a failure.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const ci = process.env.CI === 'true'
const root = join(import.meta.dirname, '..', '..')
const missing = []

const run = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
const onPath = (name) => spawnSync('which', [name], { stdio: 'ignore' }).status === 0

const debianPackages = [
  { name: 'socat', isThere: () => onPath('socat'), what: 'tests over pseudo terminals' },
  { name: 'chromium', isThere: () => onPath('chromium'), what: 'tests of the report in a browser' },
]

function bringDebianPackages() {
  const wanted = debianPackages.filter((entry) => !entry.isThere())
  if (wanted.length === 0) return
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log(`Installing ${wanted.map((entry) => entry.name).join(', ')} (Debian packages, for tests only) ...`)
    const names = wanted.map((entry) => entry.name)
    run('apt-get', ['update', '-qq']) && run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names])
  }
  for (const { name, isThere, what } of debianPackages) if (!isThere()) missing.push(`${name}: ${what}`)
}

function bringNpmPackage(name, version, what) {
  const isThere = () => existsSync(join(root, 'node_modules', name, 'package.json'))
  if (!isThere()) {
    console.log(`Installing ${name} (optional npm package, for tests only) ...`)
    // Its install script downloads GPU libraries that no test uses.
    run('npm', [
      'install',
      '--no-save',
      '--save-dev',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      `${name}@${version}`,
    ])
  }
  if (!isThere()) missing.push(`${name}: ${what}`)
}

bringDebianPackages()
bringNpmPackage('onnxruntime-node', '1.30.0', 'tests of the native backend')
for (const line of missing) console.log(`Not here, its tests are skipped: ${line}`)
if (ci && missing.length > 0) process.exit(1)
