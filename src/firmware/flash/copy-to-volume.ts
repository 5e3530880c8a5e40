import { MilliwattError, messageOf } from '../../core/errors.ts'
import type { FileAppender } from '../../core/host.ts'
import { FlashFault, type FlashJob, type Verification } from './flasher.ts'
import { equalBytes } from './image-part.ts'

const chunkBytes = 32 * 1024

/**
 * Copies a file to a volume that a board shows, and waits until every part of it has reached the board. A volume that
 * goes away with the last part has all of it: boards restart then.
 * @param lastBytes how much the last part holds
 * @returns whether the volume went away with the last part
 * @throws FlashFault "lost" when it goes away earlier, MilliwattError FLASH_UNAVAILABLE where nothing can be written
 */
export async function copyToVolume(
  { host, image, signal, onProgress }: FlashJob,
  path: string,
  bytes: Uint8Array,
  lastBytes: number,
): Promise<boolean> {
  const target = await open(host.files.append(path), path)
  const body = bytes.length - lastBytes
  const progress = (done: number) => onProgress(Math.floor((done / bytes.length) * image.bytes), image.bytes)
  let left = false
  try {
    for (let at = 0; at < body; at += chunkBytes) {
      signal.throwIfAborted()
      const end = Math.min(at + chunkBytes, body)
      await put(target, path, bytes.subarray(at, end), at)
      progress(end)
    }
    signal.throwIfAborted()
    left = await putLast(target, path, bytes.subarray(body), body)
    progress(bytes.length)
  } finally {
    await target.close().catch(() => {})
  }
  return left
}

const codeOf = (error: unknown) => (error as { code?: unknown } | null)?.code

async function open(opening: Promise<FileAppender>, path: string): Promise<FileAppender> {
  try {
    return await opening
  } catch (error) {
    throw new MilliwattError('FLASH_UNAVAILABLE', path, `The volume takes no file (${messageOf(error)}).`, error)
  }
}

async function put(target: FileAppender, path: string, bytes: Uint8Array, at: number): Promise<void> {
  try {
    await target.append(bytes)
    await target.sync()
  } catch (error) {
    throw faultOf(error, path, at)
  }
}

/** What fails once the last part was handed over is the board that restarts. */
async function putLast(target: FileAppender, path: string, bytes: Uint8Array, at: number): Promise<boolean> {
  let handed = false
  try {
    await target.append(bytes)
    handed = true
    await target.sync()
    return false
  } catch (error) {
    if (handed && codeOf(error) !== 'ENOSPC') return true
    throw faultOf(error, path, at)
  }
}

function faultOf(error: unknown, path: string, at: number): Error {
  if (codeOf(error) !== 'ENOSPC') return new FlashFault('lost', `the volume went away (${messageOf(error)})`)
  const full = `the volume is full (${messageOf(error)})`
  if (at > 0) return new FlashFault('lost', full)
  return new MilliwattError('FLASH_UNAVAILABLE', path, `It takes nothing: ${full}.`, error)
}

/**
 * Compares a file that was copied to a plain folder: no board shows that, so that what is there is all there is.
 * @throws FlashFault "differs"
 */
export async function checkPlainFile({ host }: FlashJob, path: string, bytes: Uint8Array): Promise<Verification> {
  const held = await host.files.readBytes(path).catch(() => new Uint8Array())
  if (!equalBytes(held, bytes)) throw new FlashFault('differs', `the file ${path} is not the one that was written`)
  return { verified: true, how: 'the file reads back identical; it lies in a plain folder that no board has shown' }
}
