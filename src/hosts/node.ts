import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, CommandResult, FileAppender, FileReader, Host, HostFiles, SystemTree } from '../core/host.ts'
import { optionalPackage, packageFile, packagePath, packageScript } from './node-packages.ts'
import { startNodeProcess } from './node-process.ts'
import { nodeSerial } from './node-serial.ts'
import { serveWeb } from './node-web.ts'
import { startNodeWorker } from './node-worker.ts'
import { nowS } from './now.ts'
import { openProcessLink } from './process-link.ts'
import { sha256 } from './sha256.ts'
import { openTcpLink } from './tcp-link.ts'

/** The machine's own tree as Node sees it, below `root` (`/`, or a mounted recording). */
function nodeSystemTree(root = '/'): SystemTree {
  const at = (path: string) => join(root, path)
  return {
    readText: async (path) => {
      try {
        return (await readFile(at(path), 'utf8')).replace(/[\0\s]+$/, '')
      } catch {
        return null
      }
    },
    list: async (path) => {
      try {
        return (await readdir(at(path))).sort()
      } catch {
        return []
      }
    },
    exists: async (path) =>
      access(at(path)).then(
        () => true,
        () => false,
      ),
    isAccessible: async (path) =>
      access(at(path), constants.R_OK | constants.W_OK).then(
        () => true,
        () => false,
      ),
  }
}

async function openAppender(path: string): Promise<FileAppender> {
  await mkdir(dirname(path), { recursive: true })
  const handle = await open(path, 'w')
  return {
    append: async (bytes) => {
      let done = 0
      while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}

async function openReader(path: string): Promise<FileReader> {
  const handle = await open(path, 'r')
  const { size } = await handle.stat()
  return {
    sizeBytes: size,
    read: async (start, end) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start))
      let done = 0
      while (done < bytes.length) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes.subarray(0, done)
    },
    close: () => handle.close(),
  }
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`
  try {
    await writeFile(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

const nodeFiles: HostFiles = {
  readBytes: (path) => readFile(path),
  readText: (path) => readFile(path, 'utf8'),
  open: openReader,
  write: writeWhole,
  rename,
  append: openAppender,
  remove: (path) => rm(path, { force: true }),
  list: async (path) => (await readdir(path)).sort(),
  stat: async (path) => {
    try {
      const found = await stat(path)
      return { kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other', sizeBytes: found.size }
    } catch {
      return null
    }
  },
  join,
  realPath: (path) => realpath(path).catch(() => null),
  resolve: (path) => resolve(path),
  basename: (path) => basename(path),
  dirname,
  relative: (from, to) => relative(from, to).split(sep).join('/'),
}

const nodeClock: Clock = {
  nowS,
  preciseS: () => performance.now() / 1000,
  wallTime: () => new Date(),
  sleep: (seconds, signal) =>
    new Promise((resume) => {
      if (signal?.aborted) return resume()
      const finish = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        resume()
      }
      const timer = setTimeout(finish, seconds * 1000)
      signal?.addEventListener('abort', finish)
    }),
}

function runCommand(name: string, args: readonly string[], timeoutS: number): Promise<CommandResult | null> {
  return new Promise((done) => {
    execFile(name, [...args], { timeout: timeoutS * 1000, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return done(null)
      done({ exitCode: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

function cacheFolderOf(environment: NodeJS.ProcessEnv, platform: string): string {
  if (environment.MILLIWATT_CACHE) return environment.MILLIWATT_CACHE
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'milliwatt')
  if (platform === 'win32' && environment.LOCALAPPDATA) return join(environment.LOCALAPPDATA, 'milliwatt')
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'milliwatt')
}

/** The folder two levels above this file, in `src/` and in `dist/` alike, is the package's own. */
const packageFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** The host of a Node process: real files, real ports, real clock. */
export function nodeHost(): Host {
  return {
    platform: process.platform,
    architecture: process.arch,
    runtime: `node ${process.versions.node}`,
    environment: process.env,
    system: nodeSystemTree(),
    files: nodeFiles,
    clock: nodeClock,
    serial: nodeSerial,
    cacheFolder: cacheFolderOf(process.env, process.platform),
    packageFolder,
    startWorker: () => startNodeWorker(join(packageFolder, 'dist', 'entries', 'worker.js')),
    startProcess: () => startNodeProcess(join(packageFolder, 'dist', 'entries', 'trial.js')),
    command: runCommand,
    startCommand: openProcessLink,
    connect: openTcpLink,
    optionalPackage,
    packageFile,
    serve: serveWeb,
    packagePath,
    packageScript,
    sha256,
  }
}
