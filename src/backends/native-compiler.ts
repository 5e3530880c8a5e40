import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'

/** A C compiler of this machine, and what it makes of it. */
export interface Compiler {
  readonly command: string
  /** First line of what it says of itself. */
  readonly version: string
  /** Flags by which it uses all that this processor has. */
  readonly flags: readonly string[]
  /** The macros that it defines with them: they name the instructions. */
  readonly macros: string
}

const probeTimeoutS = 20
const buildTimeoutS = 300

/** Rounding after every operation is part of what a model computes; the rest lets loops become vectors. */
const alwaysFlags: readonly string[] = [
  '-std=gnu99',
  '-O3',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-shared',
  '-fPIC',
  // Layers can be called one by one, to be timed.
  '-DMILLIWATT_LAYERS',
]

/** GCC's partial redundancy elimination keeps it from making vectors of loops over floats: such loops are up to a third faster without. */
const noPre = '-fno-tree-pre'

/** Flags for this very processor, as the architectures spell them, with those that not every compiler knows. */
const machineFlags: readonly (readonly string[])[] = [['-march=native'], ['-mcpu=native'], []].flatMap((flags) => [
  [...flags, noPre],
  flags,
])

async function probe(host: Host, command: string): Promise<Compiler | null> {
  const said = await host.command(command, ['--version'], probeTimeoutS)
  if (said?.exitCode !== 0) return null
  for (const machine of machineFlags) {
    const macros = await host.command(command, [...machine, '-dM', '-E', '-x', 'c', '/dev/null'], probeTimeoutS)
    if (macros?.exitCode !== 0) continue
    const version = said.stdout.split('\n', 1)[0]!.trim()
    return { command, version, flags: [...alwaysFlags, ...machine], macros: macros.stdout }
  }
  return null
}

const known = new WeakMap<Host['command'], Promise<Compiler | null>>()

async function find(host: Host): Promise<Compiler | null> {
  const { CC } = host.environment
  for (const command of CC ? [CC] : ['cc', 'gcc', 'clang']) {
    const compiler = await probe(host, command)
    if (compiler) return compiler
  }
  return null
}

/** The machine's C compiler: what CC names, otherwise cc, gcc or clang. Null if there is none. Looked for once. */
export function findCompiler(host: Host): Promise<Compiler | null> {
  const found = known.get(host.command) ?? find(host)
  known.set(host.command, found)
  return found
}

const vectorMacros: readonly (readonly [string, string])[] = [
  ['__AVX512VNNI__', 'AVX-512 VNNI'],
  ['__AVXVNNI__', 'AVX-VNNI'],
  ['__AVX2__', 'AVX2'],
  ['__ARM_FEATURE_DOTPROD', 'NEON dot product'],
  ['__ARM_NEON', 'NEON'],
]

/** The vector instructions that a compiler's code uses, in words. */
export function vectorsOf({ macros }: Compiler): string {
  return vectorMacros.find(([macro]) => macros.includes(`#define ${macro} `))?.[1] ?? 'no known vectors'
}

/**
 * Builds a shared library from one C file.
 * @throws MilliwattError BACKEND_FAILED with what the compiler said
 */
export async function buildLibrary(
  host: Host,
  compiler: Compiler,
  paths: { readonly source: string; readonly include: string; readonly library: string },
): Promise<void> {
  const args = [...compiler.flags, '-I', paths.include, '-o', paths.library, paths.source, '-lm']
  const result = await host.command(compiler.command, args, buildTimeoutS)
  if (result?.exitCode === 0) return
  const said = result ? result.stderr.trim().split('\n').slice(0, 8).join('\n') : `no end after ${buildTimeoutS} s`
  throw new MilliwattError('BACKEND_FAILED', 'native', `${compiler.command}: ${said}`)
}
