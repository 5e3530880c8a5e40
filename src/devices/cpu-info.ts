import type { DeviceFact } from '../core/device.ts'
import { cut, distinct } from './read.ts'

/** What is known of the processor; `facts` goes to the user as it is. */
export interface CpuReading {
  readonly name: string
  readonly facts: Readonly<Record<string, DeviceFact>>
  readonly sources: readonly string[]
}

/** What `/proc/cpuinfo` tells. */
export interface CpuInfo {
  /** One record for each processor. */
  readonly processors: readonly ReadonlyMap<string, string>[]
  /** Model name, or the names of the kinds of core. */
  readonly name?: string
  /** Name of the core by processor number, on Arm. */
  readonly coreNames: ReadonlyMap<number, string>
  /** Instruction set extensions that matter for inference. */
  readonly isa: readonly string[]
}

/** Kernel flags of instruction sets that matter for inference, and what they are called here. */
const isaFlags: Readonly<Record<string, readonly string[]>> = {
  sse4_1: ['sse4.1'],
  avx: ['avx'],
  avx2: ['avx2'],
  fma: ['fma'],
  f16c: ['f16c'],
  avx512f: ['avx512'],
  avx512_vnni: ['vnni'],
  avx_vnni: ['vnni'],
  amx_int8: ['amx-int8'],
  neon: ['neon'],
  asimd: ['neon', 'asimd'],
  asimddp: ['asimddp'],
  asimdhp: ['asimdhp'],
  i8mm: ['i8mm'],
  bf16: ['bf16'],
  sve: ['sve'],
  sve2: ['sve2'],
}

/** Part numbers of Arm's own cores (implementer 0x41), from Linux arch/arm64/include/asm/cputype.h and Arm's manuals. */
const armParts: Readonly<Record<string, string>> = {
  '0xc07': 'Cortex-A7',
  '0xd03': 'Cortex-A53',
  '0xd04': 'Cortex-A35',
  '0xd05': 'Cortex-A55',
  '0xd07': 'Cortex-A57',
  '0xd08': 'Cortex-A72',
  '0xd09': 'Cortex-A73',
  '0xd0b': 'Cortex-A76',
  '0xd0c': 'Neoverse-N1',
  '0xd40': 'Neoverse-V1',
  '0xd41': 'Cortex-A78',
  '0xd42': 'Cortex-A78AE',
  '0xd44': 'Cortex-X1',
  '0xd46': 'Cortex-A510',
  '0xd47': 'Cortex-A710',
  '0xd49': 'Neoverse-N2',
  '0xd4b': 'Cortex-A78C',
  '0xd4d': 'Cortex-A715',
  '0xd4f': 'Neoverse-V2',
  '0xd80': 'Cortex-A520',
  '0xd81': 'Cortex-A720',
}

/** Reads `/proc/cpuinfo`. Any text is legal; what is not understood is left out. */
export function parseCpuInfo(text: string): CpuInfo {
  const blocks = text.split(/\n\s*\n/).map((block) => new Map(block.split('\n').map((line) => cut(line, ':'))))
  const processors = blocks.filter((block) => /^\d{1,5}$/.test(block.get('processor') ?? ''))
  const coreNames = new Map(
    processors.flatMap((block) => {
      const core = armCore(block)
      return core ? [[Number(block.get('processor')), core] as const] : []
    }),
  )
  const first = (key: string) => processors.map((block) => block.get(key)).find((value) => value)
  const cores = distinct(coreNames.values()).join(' + ')
  const name = first('model name') ?? (cores || first('uarch') || first('cpu model'))
  const words = processors.flatMap((block) => [block.get('flags'), block.get('Features')]).join(' ')
  return { processors, ...(name ? { name } : {}), coreNames, isa: toIsa(words.split(/\s+/), first('isa')) }
}

/** Physical cores by socket and core number, which only x86 prints; undefined elsewhere. */
export function countPackageCores(info: CpuInfo): number | undefined {
  const cores = info.processors.map((block) => `${block.get('physical id')}:${block.get('core id')}`)
  return cores.length === 0 || cores.some((core) => core.includes('undefined')) ? undefined : new Set(cores).size
}

/** The instruction sets that matter among the kernel's flags and, on RISC-V, its `isa` string. */
export function toIsa(flags: readonly string[], riscv?: string): readonly string[] {
  const known = flags.flatMap((flag) => (Object.hasOwn(isaFlags, flag) ? isaFlags[flag]! : []))
  const vector = riscv !== undefined && /^rv\d+[a-u]*v/.test(riscv) ? ['rvv'] : []
  return distinct([...known, ...vector])
}

function armCore(block: ReadonlyMap<string, string>): string | undefined {
  const [implementer, part] = [block.get('CPU implementer')?.toLowerCase(), block.get('CPU part')?.toLowerCase()]
  if (implementer === undefined || part === undefined) return undefined
  const known = implementer === '0x41' && Object.hasOwn(armParts, part) ? armParts[part] : undefined
  return known ?? `core ${implementer}/${part}`
}
