import { fork, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Opens a pty pair over Debian's socat. */
export async function openPty() {
  const folder = mkdtempSync(join(tmpdir(), 'milliwatt-bench-'))
  const [a, b] = ['a', 'b'].map((name) => join(folder, name))
  const socat = spawn('socat', [`pty,raw,echo=0,link=${a}`, `pty,raw,echo=0,link=${b}`], { stdio: 'ignore' })
  const failed = new Promise((_, fail) =>
    socat.once('error', () => fail(new Error('needs socat (apt-get install socat)'))),
  )
  failed.catch(() => {})
  while (!(existsSync(a) && existsSync(b)))
    await Promise.race([failed, new Promise((resume) => setTimeout(resume, 10))])
  const close = () => {
    socat.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  return { a, b, close }
}

/** Starts an emulated PPK2 in a process of its own. */
export async function startEmulator(path, faults) {
  const child = fork(new URL('./emulator-process.mjs', import.meta.url), [path, JSON.stringify(faults)])
  await new Promise((done) => child.once('message', done))
  return child
}

/** Processor time of another process in seconds (Linux, 100 ticks a second). */
export function cpuSecondsOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Processes that another one started. */
export function childrenOf(pid) {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

export function printTable(rows) {
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value, goal] of rows)
    console.log(`${name.padEnd(width)}  ${String(value).padStart(16)}  ${goal ?? ''}`)
}
