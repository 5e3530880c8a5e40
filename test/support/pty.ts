import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Two ends of one pseudo-terminal pair; `cut` ends both at once, as an unplugged cable does. */
export interface PtyPair extends AsyncDisposable {
  readonly a: string
  readonly b: string
  cut(): Promise<void>
}

function hasSocat(): boolean {
  try {
    execFileSync('socat', ['-V'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function installSocat(): void {
  const quiet = {
    stdio: 'ignore',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 120_000,
  } as const
  const install = () => execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'socat'], quiet)
  try {
    install()
  } catch {
    try {
      execFileSync('apt-get', ['update'], quiet)
      install()
    } catch {
      // requirePty tells what is missing
    }
  }
}

/**
 * Tells what pty tests lack on this machine, or null when they can run. Needs Debian's `socat`, and
 * installs it when the user is root. With `CI` set, a lack is an error: nothing may be skipped there.
 */
export function requirePty(): string | null {
  if (process.platform === 'win32') return 'pty tests need a Unix system'
  if (!hasSocat() && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) installSocat()
  const missing = hasSocat() ? null : 'pty tests need socat (Debian: apt-get install socat)'
  if (missing && process.env.CI) throw new Error(`${missing}; with CI set they may not be skipped`)
  return missing
}

/** Opens a pty pair. Throws when socat does not make it within 10 s. */
export async function openPtyPair(): Promise<PtyPair> {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-pty-'))
  const a = join(folder, 'a')
  const b = join(folder, 'b')
  const child: ChildProcess = spawn('socat', [`pty,raw,echo=0,link=${a}`, `pty,raw,echo=0,link=${b}`], {
    stdio: 'ignore',
  })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  for (let waited = 0; !(existsSync(a) && existsSync(b)); waited += 10) {
    if (waited > 10_000 || child.exitCode !== null) throw new Error('socat made no pty pair')
    await new Promise((resume) => setTimeout(resume, 10))
  }
  const cut = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  return { a, b, cut, [Symbol.asyncDispose]: cut }
}
