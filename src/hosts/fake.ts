import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MilliwattError } from '../core/errors.ts'
import type { CommandResult, Host, SerialSettings, SystemTree } from '../core/host.ts'
import type { Link, PortInfo } from '../core/link.ts'
import { FakeClock } from './fake-clock.ts'
import { memoryFiles } from './fake-files.ts'
import { sha256 } from './sha256.ts'

/** An entry of a recorded tree: the text of a file, a device node, or a file that this user may not read. */
export type FakeEntry = string | { readonly node: true; readonly accessible?: boolean } | { readonly unreadable: true }

/** A recorded tree: absolute path → entry. A path that ends in `/` is an empty folder. Symbolic links are followed beforehand. */
export type FakeTree = Readonly<Record<string, FakeEntry>>

/** A serial port of a fake machine. `accessible: false`: it exists, but this user may not open it. */
export interface FakePort extends PortInfo {
  readonly accessible?: boolean
}

/** What a fake command answers; null means not installed or too slow. */
export type FakeCommand = Partial<CommandResult> | null | ((args: readonly string[]) => Partial<CommandResult> | null)

/** What a fake machine is made of; everything left out is empty. */
export interface FakeHostOptions {
  readonly platform?: string
  readonly architecture?: string
  readonly runtime?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly root?: FakeTree
  readonly ports?: readonly FakePort[]
  /** Why there are no ports. */
  readonly portsReason?: string
  readonly openPort?: (path: string, settings: SerialSettings) => Promise<Link>
  readonly commands?: Readonly<Record<string, FakeCommand>>
  /** What a command that goes on printing is, as a link; null means not installed. */
  readonly startCommand?: (name: string, args: readonly string[], onErrorOutput?: (text: string) => void) => Link | null
  /** Instruments on the network by `HOST:PORT`. */
  readonly network?: Readonly<Record<string, () => Link>>
  readonly packages?: Readonly<Record<string, unknown>>
  /** Bytes of packages' files by `PACKAGE/PATH`. */
  readonly packageFiles?: Readonly<Record<string, Uint8Array<ArrayBuffer>>>
  /** Paths of packages' files by `PACKAGE/PATH`. */
  readonly packagePaths?: Readonly<Record<string, string>>
  /** The user's files by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Also read what is not in `files` from the real disk. Writes stay in memory. */
  readonly readsDisk?: boolean
  readonly packageFolder?: string
  readonly cacheFolder?: string
  readonly clock?: FakeClock
}

/** A host made of tables, for tests. */
export interface FakeHost extends Host {
  readonly clock: FakeClock
}

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Makes a machine out of tables. It never touches the real `/proc`, `/sys`, `/dev`, ports or commands. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const ports = options.ports ?? []
  const portNodes = ports.map(({ path, accessible = true }) => [path, { node: true, accessible }] as const)
  return {
    platform: options.platform ?? 'linux',
    architecture: options.architecture ?? 'x64',
    runtime: options.runtime ?? 'fake 1.0.0',
    environment: options.environment ?? {},
    system: fakeTree({ ...Object.fromEntries(portNodes), ...options.root }),
    files: memoryFiles(options.files ?? {}, options.readsDisk ?? false),
    clock: options.clock ?? new FakeClock(),
    serial: {
      list: async () => ({
        ports: ports.map(({ accessible: _, ...port }) => port),
        ...(options.portsReason === undefined ? {} : { reason: options.portsReason }),
      }),
      open: (path, settings) => openFakePort(options, path, settings),
    },
    cacheFolder: options.cacheFolder ?? resolve('/fake-cache'),
    packageFolder: options.packageFolder ?? repository,
    command: async (name, args) => runFakeCommand(options.commands?.[name] ?? null, args),
    startCommand: async (name, args, onErrorOutput) => options.startCommand?.(name, args, onErrorOutput) ?? null,
    connect: async (hostname, port) => {
      const open = options.network?.[`${hostname}:${port}`]
      if (!open) throw new MilliwattError('METER_NOT_FOUND', `${hostname}:${port}`)
      return open()
    },
    optionalPackage: async (name) => options.packages?.[name] ?? null,
    serve: async ({ address, port }) => ({
      url: `http://${address}:${port}/`,
      [Symbol.asyncDispose]: async () => undefined,
    }),
    packageFile: async (name) => options.packageFiles?.[name] ?? null,
    packagePath: (name) => options.packagePaths?.[name] ?? null,
    packageScript: async (name) => options.packages?.[name] ?? null,
    sha256,
  }
}

async function openFakePort(options: FakeHostOptions, path: string, settings: SerialSettings) {
  const port = options.ports?.find((candidate) => candidate.path === path)
  if (port?.accessible === false) throw new MilliwattError('METER_PERMISSION', path)
  if (!options.openPort) throw new MilliwattError('METER_NOT_FOUND', path)
  return options.openPort(path, settings)
}

function runFakeCommand(command: FakeCommand, args: readonly string[]): CommandResult | null {
  const result = typeof command === 'function' ? command(args) : command
  return result && { exitCode: 0, stdout: '', stderr: '', ...result }
}

/** A system tree that serves a recording. */
function fakeTree(entries: FakeTree): SystemTree {
  const folders = new Map<string, Set<string>>()
  for (const path of Object.keys(entries)) {
    const parts = path.split('/').slice(1)
    parts.forEach((part, index) => {
      const folder = `/${parts.slice(0, index).join('/')}`
      if (!folders.has(folder)) folders.set(folder, new Set())
      if (part !== '') folders.get(folder)!.add(part)
    })
  }
  const entryAt = (path: string) => (Object.hasOwn(entries, path) ? entries[path] : undefined)
  const folderAt = (path: string) => folders.get(path === '/' ? path : path.replace(/\/+$/, ''))
  return {
    readText: async (path) => {
      const entry = entryAt(path)
      return typeof entry === 'string' ? entry.replace(/[\0\s]+$/, '') : null
    },
    list: async (path) => [...(folderAt(path) ?? [])].sort(),
    exists: async (path) => entryAt(path) !== undefined || folderAt(path) !== undefined,
    isAccessible: async (path) => {
      const entry = entryAt(path)
      if (entry === undefined) return folderAt(path) !== undefined
      return typeof entry === 'string' || ('node' in entry && entry.accessible !== false)
    },
  }
}
