import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

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
  /** Called when the process has started. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Runs the built `milliwatt` in a process of its own. */
export function milliwatt(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  if (!existsSync(main)) throw new Error('dist/ is missing: run "npm run build" first (npm test does)')
  const environment = { ...process.env, ...(options.cache ? { MILLIWATT_CACHE: options.cache } : {}) }
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
