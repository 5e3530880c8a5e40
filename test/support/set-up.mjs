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
  { name: 'gcc', isThere: () => onPath('cc'), what: 'tests of models in C' },
  { name: 'gcc-aarch64-linux-gnu', isThere: () => onPath('aarch64-linux-gnu-gcc'), what: 'tests of C for 64-bit Arm' },
  {
    name: 'libc6-dev-arm64-cross',
    isThere: () => existsSync('/usr/aarch64-linux-gnu/lib/libc.a'),
    what: 'tests of C for 64-bit Arm',
  },
  { name: 'qemu-user-static', isThere: () => onPath('qemu-aarch64-static'), what: 'tests of C for 64-bit Arm' },
  { name: 'gcc-arm-none-eabi', isThere: () => onPath('arm-none-eabi-gcc'), what: 'tests of firmware' },
  {
    name: 'libnewlib-arm-none-eabi',
    isThere: () =>
      existsSync('/usr/lib/arm-none-eabi/newlib/nano.specs') || existsSync('/usr/lib/arm-none-eabi/lib/nano.specs'),
    what: 'tests of firmware',
  },
  { name: 'qemu-system-arm', isThere: () => onPath('qemu-system-arm'), what: 'tests of firmware' },
  { name: 'libsimavr-dev', isThere: () => existsSync('/usr/include/simavr/sim_avr.h'), what: 'tests of flashing' },
  {
    name: 'avrdude',
    isThere: () => onPath('avrdude'),
    what: 'tests of flashing',
  },
  {
    name: 'arduino-core-avr',
    isThere: () => existsSync('/usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot'),
    what: 'tests of flashing',
  },
  { name: 'alsa-utils', isThere: () => onPath('arecord'), what: 'tests of microphones' },
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

const npmPackages = [
  { name: 'onnxruntime-node', version: '1.30.0', what: 'tests of the native backend' },
  { name: '@tensorflow/tfjs-tflite', version: '0.0.1-alpha.10', what: 'tests of the backend tfjs-tflite' },
  { name: '@litertjs/core', version: '2.5.3', what: 'tests of the backend litert' },
  { name: 'koffi', version: '3.3.4', what: 'tests of the backends that call C' },
  { name: 'tfjs-tflite-node', version: '0.0.2', what: 'tests of the backend tflite-c' },
  { name: 'johnny-five', version: '2.1.0', what: 'tests of sensors on Firmata boards' },
  { name: 'firmata-io', version: '2.3.0', what: 'tests of sensors on Firmata boards' },
  { name: 'esptool-js', version: '0.7.0', what: 'tests of flashing' },
]

/** All by one command: the next "npm install" would prune what an earlier one brought without saving it. */
function bringNpmPackages() {
  const isThere = ({ name }) => existsSync(join(root, 'node_modules', name, 'package.json'))
  if (!npmPackages.every(isThere)) {
    const names = npmPackages.map(({ name }) => name)
    console.log(`Installing ${names.join(', ')} (optional npm packages, for tests only) ...`)
    // Install scripts would download GPU libraries that no test uses; a peer would bring all of TensorFlow.js.
    run('npm', [
      'install',
      '--no-save',
      '--save-dev',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      ...npmPackages.map(({ name, version }) => `${name}@${version}`),
    ])
  }
  for (const entry of npmPackages) if (!isThere(entry)) missing.push(`${entry.name}: ${entry.what}`)
}

bringDebianPackages()
bringNpmPackages()
for (const line of missing) console.log(`Not here, its tests are skipped: ${line}`)
if (ci && missing.length > 0) process.exit(1)
