import { spawnSync } from 'node:child_process'
import type { CTarget } from '../../../src/compile/c/choose.ts'
import { toolPath } from '../../support/needs.ts'
import type { Build } from './build-and-run.ts'

/** A way to build, by name. */
export interface NamedBuild extends Build {
  readonly name: string
  readonly target: CTarget
}

const native = ['-std=gnu99', '-O1', '-ffp-contract=off', '-Wall', '-Wextra', '-Werror']

/** Macros that the machine's compiler defines for this processor. */
function nativeMacros(): string {
  const made = spawnSync(toolPath('cc') ?? 'cc', ['-march=native', '-dM', '-E', '-x', 'c', '/dev/null'])
  return made.stdout?.toString() ?? ''
}

/** Every way that this machine can run: portable C, the compiler's own vectors, and the processor's instructions. */
export function buildsHere(): readonly NamedBuild[] {
  const macros = nativeMacros()
  const has = (...names: readonly string[]) => names.every((name) => macros.includes(`#define ${name} `))
  const builds: NamedBuild[] = [
    { name: 'portable', target: 'portable', flags: ['-std=c99', '-O1', '-pedantic', '-Wall', '-Wextra', '-Werror'] },
    { name: 'plain vectors', target: 'native', flags: [...native, '-DMILLIWATT_PLAIN'] },
    { name: 'this processor', target: 'native', flags: [...native, '-march=native'] },
  ]
  if (has('__AVX2__')) builds.push({ name: 'AVX2', target: 'native', flags: [...native, '-mavx2'] })
  if (has('__AVX512VNNI__', '__AVX512VL__'))
    builds.push({
      name: 'VNNI of 256 bits',
      target: 'native',
      flags: [...native, '-mavx2', '-mavx512vl', '-mavx512vnni', '-mno-avx512bw'],
    })
  if (has('__AVX512VBMI__'))
    builds.push({
      name: 'AVX-512 without VBMI',
      target: 'native',
      flags: [...native, '-march=native', '-mno-avx512vbmi', '-mno-avx512vbmi2'],
    })
  return builds
}
