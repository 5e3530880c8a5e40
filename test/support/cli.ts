import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const main = resolve(import.meta.dirname, '../../dist/cli/main.js')

/** What a finished command left. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How to start the command line. */
export interface CliOptions {
  readonly cwd?: string
  readonly cache?: string
  readonly input?: Uint8Array
  /** Variables besides those of the test. */
  readonly environment?: Readonly<Record<string, string>>
  /** Called when the process has started. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Built models in C that all runs share: a name says all that went into one, and building takes seconds. */
const builtModels = join(tmpdir(), `milliwatt-test-native-${process.getuid?.() ?? 0}`)

function shareBuiltModels(cache: string): void {
  const place = join(cache, 'native')
  if (existsSync(place)) return
  for (const folder of [cache, builtModels]) mkdirSync(folder, { recursive: true })
  symlinkSync(builtModels, place, 'dir')
}

/** Runs the built `milliwatt` in a process of its own. */
export function milliwatt(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  if (!existsSync(main)) throw new Error('dist/ is missing: run "npm run build" first (npm test does)')
  if (options.cache) shareBuiltModels(options.cache)
  const own = options.cache ? { MILLIWATT_CACHE: options.cache } : {}
  const environment = { ...process.env, ...own, ...options.environment }
  const child = spawn(process.execPath, [main, ...args], { cwd: options.cwd, env: environment })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  child.stdin.end(options.input ?? new Uint8Array(0))
  options.onStart?.(child)
  return new Promise((done) => child.on('close', (code) => done({ code, stdout, stderr })))
}

/** Sends Ctrl-C to a command as soon as a file of it is so long. */
export function interruptAt(child: ChildProcess, path: string, bytes: number): void {
  const timer = setInterval(() => {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < bytes) return
    clearInterval(timer)
    child.kill('SIGINT')
  }, 20)
  child.on('close', () => clearInterval(timer))
}
