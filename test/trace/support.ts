import type { Clock, FileAppender, HostFiles } from '../../src/core/host.ts'
import { memoryReader } from '../../src/hosts/fake-files.ts'
import { plainLayout } from '../../src/trace/plain-layout.ts'
import type { SampleBlock } from '../../src/trace/samples.ts'
import type { RawDecoder } from '../../src/trace/trace-file.ts'

/** A clock that a test moves. Sleepers wake when it passes them or their signal aborts. */
export class ManualClock implements Clock {
  #nowS = 0
  readonly #sleepers = new Set<{ readonly untilS: number; readonly wake: () => void }>()

  nowS(): number {
    return this.#nowS
  }

  preciseS(): number {
    return this.#nowS
  }

  wallTime(): Date {
    return new Date(1_800_000_000_000 + this.#nowS * 1000)
  }

  async sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return
    await new Promise<void>((wake) => {
      this.#sleepers.add({ untilS: this.#nowS + seconds, wake })
      signal?.addEventListener('abort', () => wake())
    })
  }

  advance(seconds: number): void {
    this.#nowS += seconds
    for (const sleeper of this.#sleepers) if (this.#nowS >= sleeper.untilS) sleeper.wake()
  }
}

/** An error as the system words it. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: write`), { code })
}

/** Files in memory; appenders fail with `code` after so many bytes, having written what still fitted. */
export class MemoryFiles implements HostFiles {
  readonly content = new Map<string, Uint8Array>()
  diskBytes = Number.POSITIVE_INFINITY
  code = 'ENOSPC'
  writesFail = false
  openFails = false
  /** Resolves before each append; a test replaces it to make the disk slow. */
  beforeAppend: () => Promise<void> = async () => {}

  async readBytes(path: string): Promise<Uint8Array> {
    const found = this.content.get(path)
    if (!found) throw systemError('ENOENT')
    return found
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.readBytes(path))
  }

  async open(path: string) {
    return memoryReader(await this.readBytes(path))
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    if (this.writesFail) throw systemError(this.code)
    this.content.set(path, typeof content === 'string' ? new TextEncoder().encode(content) : content)
  }

  async rename(from: string, to: string): Promise<void> {
    this.content.set(to, await this.readBytes(from))
    this.content.delete(from)
  }

  async append(path: string): Promise<FileAppender> {
    if (this.openFails) throw systemError(this.code)
    this.content.set(path, new Uint8Array())
    return {
      append: async (bytes) => {
        await this.beforeAppend()
        const before = this.content.get(path)!
        const fits = bytes.subarray(0, Math.max(0, this.diskBytes - before.length))
        this.content.set(path, new Uint8Array(Buffer.concat([before, fits])))
        if (fits.length < bytes.length) throw systemError(this.code)
      },
      sync: async () => {},
      close: async () => {},
    }
  }

  async remove(path: string) {
    this.content.delete(path)
  }

  async list(): Promise<readonly string[]> {
    return [...this.content.keys()]
  }

  async stat(path: string) {
    const found = this.content.get(path)
    return found ? { kind: 'file' as const, sizeBytes: found.length } : null
  }

  async realPath(path: string): Promise<string | null> {
    return this.content.has(path) ? path : null
  }

  join = (...parts: string[]): string => parts.join('/')
  resolve = (path: string): string => path
  basename = (path: string): string => path.split('/').at(-1)!
  dirname = (path: string): string => path.split('/').slice(0, -1).join('/')
  relative = (_from: string, to: string): string => to
}

/** Raw layout of these tests: five bytes a sample, float32 LE watts and the digital levels. */
export const testDecoder: RawDecoder = plainLayout

/** A block of these samples. */
export function block(
  firstIndex: number,
  powerW: readonly number[],
  digital: readonly number[] = powerW.map(() => 0),
  arrivalS = 0,
): SampleBlock {
  const raw = new Uint8Array(5 * powerW.length)
  const view = new DataView(raw.buffer)
  powerW.forEach((value, i) => {
    view.setFloat32(5 * i, value, true)
    raw[5 * i + 4] = digital[i]!
  })
  return {
    kind: 'samples',
    firstIndex,
    powerW: Float32Array.from(powerW),
    digital: Uint8Array.from(digital),
    raw,
    arrivalS,
  }
}
