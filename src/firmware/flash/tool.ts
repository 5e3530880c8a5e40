import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import type { FlashWay } from '../../targets/flash-way.ts'
import type { BoardTarget } from '../../targets/target.ts'
import {
  type FlashDetection,
  type Flasher,
  FlashFault,
  type FlashJob,
  type FlashPlace,
  type FlashSession,
  type Verification,
} from './flasher.ts'
import { checkPlace, flatBytes } from './image-part.ts'
import { writeIntelHex } from './intel-hex.ts'

const versionTimeoutS = 10
/** Lines of a tool's output that an error holds. */
const saidLines = 4

/** A program that writes firmware: installed by the user, started as a process of its own, never bundled. */
export interface FlashTool<W extends FlashWay> {
  readonly way: W['way']
  readonly command: string
  /** How it is asked for its version, and where the answer holds it. */
  readonly version: { readonly arguments: readonly string[]; readonly pattern: RegExp }
  /** Oldest version whose arguments and output are those used here. */
  readonly minimum: readonly [number, number]
  readonly format: 'hex' | 'bin'
  /** Beginning of the board's flash. */
  address(way: W): number
  /** The serial port that it needs; null where none is known; undefined for a tool that needs none. */
  port?(host: Host, board: BoardTarget, way: W, place: FlashPlace): Promise<string | null>
  /** Brings the board into its bootloader; gives the port where it then is. */
  enter?(job: FlashJob<W>, port: string | undefined): Promise<string | undefined>
  writeArguments(job: FlashJob<W>, file: string, port: string | undefined): readonly string[]
  /** Its output from the moment on at which it changes the board. */
  readonly begun: RegExp
  /** Part of the work that its output so far tells of, 0 to 1. */
  progress(output: string): number
  /** Words in its output that say that the board is another; the error then is IMAGE_WRONG_BOARD. */
  readonly wrongBoard?: RegExp
  /** What it did to verify while it wrote; absent where `verify` does. */
  readonly verified?: { readonly pattern: RegExp; readonly how: string }
  verify?(job: FlashJob<W>, tool: ToolRun, bytes: Uint8Array): Promise<Verification>
  run?(job: FlashJob<W>, tool: ToolRun): Promise<boolean>
}

/** Runs a tool and gives all that it printed. @throws FlashFault "refused" with its last lines */
export type ToolRun = (args: readonly string[]) => Promise<string>

/** A flasher that starts a program. */
export function toolFlasher<W extends FlashWay>(tool: FlashTool<W>): Flasher<W> {
  return {
    ways: [tool.way],
    by: 'tool',
    prefers: tool.format,
    detect: (host, board, way, place) => detect(tool, host, board, way, place),
    enter: (job) => enter(tool, job),
  }
}

async function detect<W extends FlashWay>(
  tool: FlashTool<W>,
  host: Host,
  board: BoardTarget,
  way: W,
  place: FlashPlace,
): Promise<FlashDetection> {
  const { found, problem } = await findTool(tool, host)
  if (problem !== undefined) return { state: 'lacks', why: problem }
  if (tool.port && (await tool.port(host, board, way, place)) === null)
    return { state: 'lacks', why: `${found} is here; give the serial port with --port` }
  return { state: 'ready', why: `${found} is installed` }
}

/** Name and version of the tool, or why it cannot be used. */
async function findTool<W extends FlashWay>(
  { command, version, minimum }: FlashTool<W>,
  host: Host,
): Promise<{ readonly found: string; readonly problem?: string }> {
  const printed = await host.command(command, version.arguments, versionTimeoutS)
  if (!printed) return { found: command, problem: `${command} is not installed` }
  const [, major, minor] = version.pattern.exec(`${printed.stdout}\n${printed.stderr}`) ?? []
  if (major === undefined || minor === undefined)
    return { found: command, problem: `${command} does not say its version` }
  const found = `${command} ${major}.${minor}`
  const isOld = Number(major) < minimum[0] || (Number(major) === minimum[0] && Number(minor) < minimum[1])
  return isOld ? { found, problem: `${found} is too old: ${minimum.join('.')} or newer is needed` } : { found }
}

async function enter<W extends FlashWay>(tool: FlashTool<W>, job: FlashJob<W>): Promise<FlashSession> {
  const { host, board, way, image, memory } = job
  checkPlace(image.parts, tool.address(way), memory.bytes, image.path)
  const { found, problem } = await findTool(tool, host)
  if (problem !== undefined) throw new MilliwattError('FLASH_UNAVAILABLE', board.id, `${problem}.`)
  const known = tool.port ? await tool.port(host, board, way, job) : undefined
  if (known === null) throw new MilliwattError('USAGE', way.way, 'Give the serial port with --port.')
  const port = tool.enter ? await tool.enter(job, known) : known
  return sessionOf(tool, job, port, found)
}

function sessionOf<W extends FlashWay>(
  tool: FlashTool<W>,
  job: FlashJob<W>,
  port: string | undefined,
  found: string,
): FlashSession {
  const { host, image, way } = job
  const file = temporaryFile(host, tool.format)
  const bytes = tool.format === 'bin' ? flatBytes(image.parts, tool.address(way), image.path) : null
  const run: ToolRun = (args) => runTool(tool, job, args)
  let output = ''
  return {
    found: port === undefined ? found : `${found} at ${port}`,
    write: async () => {
      await host.files.write(file, bytes ?? writeIntelHex(image.parts))
      output = await run(tool.writeArguments(job, file, port))
      job.onProgress(image.bytes, image.bytes)
    },
    verify: async () => {
      if (tool.verify) return tool.verify(job, run, bytes ?? new Uint8Array())
      if (tool.verified?.pattern.test(output)) return { verified: true, how: tool.verified.how }
      throw new FlashFault('refused', `${found} does not say that it verified`)
    },
    ...(tool.run ? { run: () => tool.run!(job, run) } : {}),
    [Symbol.asyncDispose]: () => host.files.remove(file),
  }
}

/** A path in the cache that no other run takes. */
export function temporaryFile(host: Host, ending: string): string {
  const unique = `${host.clock.wallTime().getTime().toString(36)}-${Math.floor(Math.random() * 1e9).toString(36)}`
  return host.files.join(host.cacheFolder, 'flash', `${unique}.${ending}`)
}

async function runTool<W extends FlashWay>(
  { command, progress, begun, wrongBoard }: FlashTool<W>,
  { host, board, image, signal, onProgress }: FlashJob<W>,
  args: readonly string[],
): Promise<string> {
  signal.throwIfAborted()
  let output = ''
  const hear = (text: string) => {
    output += text
    if (begun.test(output)) onProgress(Math.floor(progress(output) * image.bytes), image.bytes)
  }
  const link = await host.startCommand(command, args, hear)
  if (!link) throw new MilliwattError('FLASH_UNAVAILABLE', board.id, `${command} is not installed.`)
  const decoder = new TextDecoder()
  link.onData((chunk) => hear(decoder.decode(chunk, { stream: true })))
  const stop = () => void link.close()
  signal.addEventListener('abort', stop)
  const end = await link.ended
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (end.how === 'lost' && end.exitCode === 0) return output
  const said = lastLines(output) || (end.how === 'lost' ? end.reason : 'it ended')
  if (wrongBoard?.test(output)) throw new MilliwattError('IMAGE_WRONG_BOARD', board.id, `${command} says: ${said}.`)
  if (!begun.test(output)) throw new MilliwattError('FLASH_UNAVAILABLE', board.id, `${command} says: ${said}.`)
  throw new FlashFault('refused', `${command} says: ${said}`)
}

/** The last lines that say something, without what a bar draws. */
function lastLines(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.trim())
  const telling = lines.filter(
    (line) => /\w/.test(line) && !/^(Reading|Writing|Download|Upload|Erase)?\s*[[|]/i.test(line),
  )
  const errors = telling.filter((line) => /error|fail|cannot|unable|no .*(found|available)|mismatch|not /i.test(line))
  return (errors.length > 0 ? errors : telling).slice(-saidLines).join('; ')
}

/** The last percentage in an output, as a part of 1. */
export function lastPercent(output: string): number {
  const found = [...output.matchAll(/(\d{1,3})\s?%/g)].at(-1)
  return found ? Math.min(100, Number(found[1])) / 100 : 0
}

/** Reads a file that a tool wrote, and removes it. */
export async function takeFile(host: Host, path: string): Promise<Uint8Array> {
  try {
    return await host.files.readBytes(path)
  } catch (error) {
    throw new FlashFault('refused', `what was read back cannot be read (${messageOf(error)})`)
  } finally {
    await host.files.remove(path)
  }
}
