import type { DeviceFact } from '../core/device.ts'
import type { Host } from '../core/host.ts'
import { type CpuReading, toIsa } from './cpu-info.ts'
import { cut, distinct, fact } from './read.ts'

const timeoutS = 5

/** sysctl's names of Arm features, as Linux calls them. */
const darwinFeatures: Readonly<Record<string, string>> = {
  AdvSIMD: 'asimd',
  FEAT_DotProd: 'asimddp',
  FEAT_FP16: 'asimdhp',
  FEAT_I8MM: 'i8mm',
  FEAT_BF16: 'bf16',
}

/** sysctl's names of x86 features, as Linux calls them. */
const darwinX86: Readonly<Record<string, string>> = {
  'SSE4.1': 'sse4_1',
  'AVX1.0': 'avx',
  AVX2: 'avx2',
  FMA: 'fma',
  F16C: 'f16c',
  AVX512F: 'avx512f',
  AVX512VNNI: 'avx512_vnni',
}

/** The processor of a Mac, by sysctl; null when sysctl says nothing. */
export async function readDarwinCpu(host: Host): Promise<CpuReading | null> {
  const result = await host.command('sysctl', ['hw', 'machdep.cpu'], timeoutS)
  const values = new Map((result?.stdout ?? '').split('\n').map((line) => cut(line, ':')))
  const number = (key: string) => positive(values.get(key))
  const name = values.get('machdep.cpu.brand_string')
  if (!name) return null
  const levels = [...Array(Math.min(number('hw.nperflevels') ?? 0, 4)).keys()].reverse()
  const clusters = levels.flatMap((level) => {
    const count = number(`hw.perflevel${level}.logicalcpu`)
    return count ? [`${values.get(`hw.perflevel${level}.name`) ?? `level ${level}`}: ${count} cores`] : []
  })
  return {
    name,
    facts: {
      ...fact('cores', number('hw.physicalcpu')),
      ...fact('logicalCores', number('hw.logicalcpu')),
      ...fact('model', values.get('hw.model')),
      ...listFact('isa', toIsa(darwinFlags(values))),
      ...fact('maximumHz', number('hw.cpufrequency_max')),
      ...listFact('clusters', clusters),
    },
    sources: ['sysctl hw machdep.cpu'],
  }
}

/** The processor of a Windows machine, by CIM; null when it says nothing. */
export async function readWindowsCpu(host: Host): Promise<CpuReading | null> {
  const query =
    'Get-CimInstance Win32_Processor | Select-Object Name,NumberOfCores,NumberOfLogicalProcessors,MaxClockSpeed | ConvertTo-Json'
  const result = await host.command('powershell.exe', ['-NoProfile', '-Command', query], timeoutS)
  const sockets = parseSockets(result?.stdout ?? '')
  const name = sockets.map((socket) => socket.Name).find((text) => typeof text === 'string')
  if (name === undefined) {
    const identifier = host.environment.PROCESSOR_IDENTIFIER
    const logicalCores = positive(host.environment.NUMBER_OF_PROCESSORS)
    if (!identifier) return null
    return { name: identifier, facts: { ...fact('logicalCores', logicalCores) }, sources: ['PROCESSOR_IDENTIFIER'] }
  }
  const sum = (key: string) => positive(sockets.reduce((total, socket) => total + Number(socket[key] ?? 0), 0))
  const megahertz = positive(sockets[0]?.MaxClockSpeed)
  return {
    name: String(name).trim(),
    facts: {
      ...fact('cores', sum('NumberOfCores')),
      ...fact('logicalCores', sum('NumberOfLogicalProcessors')),
      ...fact('maximumHz', megahertz === undefined ? undefined : megahertz * 1e6),
    },
    sources: ['Win32_Processor'],
  }
}

function darwinFlags(values: ReadonlyMap<string, string>): readonly string[] {
  const arm = Object.entries(darwinFeatures).flatMap(([name, flag]) =>
    values.get(`hw.optional.arm.${name}`) === '1' || values.get(`hw.optional.${name}`) === '1' ? flag : [],
  )
  const words = `${values.get('machdep.cpu.features')} ${values.get('machdep.cpu.leaf7_features')}`.split(/\s+/)
  return distinct([...arm, ...words.flatMap((word) => (Object.hasOwn(darwinX86, word) ? darwinX86[word]! : []))])
}

function parseSockets(text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const value: unknown = JSON.parse(text)
    const list = Array.isArray(value) ? value : [value]
    return list.filter((item) => typeof item === 'object' && item !== null)
  } catch {
    return []
  }
}

function positive(value: unknown): number | undefined {
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : undefined
}

function listFact(key: string, list: readonly string[]): Readonly<Record<string, DeviceFact>> {
  return list.length > 0 ? { [key]: list } : {}
}
