// A command in a process of its own, with what it took.
import { spawn } from 'node:child_process'

// Prints the most memory that the process had, and its processor time, when it ends. Linux counts in resourceUsage
// what the parent had when it forked, so its own high-water mark goes first.
const watch = `import { readFileSync } from 'node:fs'
process.on('exit', () => {
  const usage = process.resourceUsage()
  let kilobytes = usage.maxRSS
  try { kilobytes = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] } catch {}
  process.stderr.write('usage ' + kilobytes + ' ' + (usage.userCPUTime + usage.systemCPUTime) / 1e6 + '\\n')
})`

/**
 * Runs `node ARGS` and reads what it prints.
 * @returns seconds of the clock and of a core, the most memory in MB (2^20 bytes), bytes printed, and their first 4 KiB
 * @throws Error with what it printed when it fails
 */
export function measured(...args) {
  const started = performance.now()
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(watch)}`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [head, stderr, printedBytes] = ['', '', 0]
  child.stdout.on('data', (chunk) => {
    printedBytes += chunk.length
    if (head.length < 4096) head += chunk.toString('latin1', 0, 4096)
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((done, fail) => {
    child.on('close', (code, signal) => {
      const [, kilobytes, processor] = /usage (\d+) ([\d.]+)/.exec(stderr) ?? []
      if (code !== 0) return fail(new Error(`${args.join(' ')} ended with ${code ?? signal}: ${stderr.slice(-2000)}`))
      const seconds = (performance.now() - started) / 1000
      done({ seconds, processorS: Number(processor), megabytes: Number(kilobytes) / 1024, printedBytes, head })
    })
  })
}
