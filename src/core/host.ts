import type { Link, PortInfo } from './link.ts'
import type { WebPlace, WebReply, WebRequest, WebServer } from './web.ts'

/** Kind and size of a path. `sizeBytes` is 0 for folders. */
export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other'
  readonly sizeBytes: number
}

/**
 * The machine's own tree (`/proc`, `/sys`, `/dev`), read-only. Paths begin with `/`; a fake host serves
 * them from a recorded tree. Nothing here throws: what cannot be read is null or empty.
 */
export interface SystemTree {
  /** Text of a file without trailing NUL and white space, or null. */
  readText(path: string): Promise<string | null>
  /** Names in a folder, sorted; empty when there is none. */
  list(path: string): Promise<readonly string[]>
  exists(path: string): Promise<boolean>
  /** Tells whether this user may read and write the path (a device node, say). */
  isAccessible(path: string): Promise<boolean>
}

/** An append-only file under construction. Its functions reject with the system's error (`code: 'ENOSPC'`, ...). */
export interface FileAppender {
  append(bytes: Uint8Array): Promise<void>
  /** Resolves when all that was appended is on the disk itself, or in the device that stands for it. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** A file that is read in parts. `read` gives fewer bytes only at the end of the file. */
export interface FileReader {
  readonly sizeBytes: number
  /** Bytes from `start` up to `end`; the array belongs to the caller. */
  read(start: number, end: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** The user's files. Reads and writes reject with the system's error (`code: 'ENOENT'`, ...). */
export interface HostFiles {
  readBytes(path: string): Promise<Uint8Array>
  readText(path: string): Promise<string>
  /** Opens a file to read parts of it. */
  open(path: string): Promise<FileReader>
  /** Writes a whole file at once: a reader sees the old or the new content, never half. Makes the folder. */
  write(path: string, content: string | Uint8Array): Promise<void>
  /** Gives a file another path, at once; a file that is there is replaced. */
  rename(from: string, to: string): Promise<void>
  /** Starts an empty file for appending. Makes the folder. */
  append(path: string): Promise<FileAppender>
  /** Removes a file; does nothing where there is none. */
  remove(path: string): Promise<void>
  list(path: string): Promise<readonly string[]>
  /** Kind and size, or null when nothing is there. */
  stat(path: string): Promise<FileStat | null>
  join(...parts: string[]): string
  /** Absolute form of a path with every symbolic link followed; null when nothing is there. */
  realPath(path: string): Promise<string | null>
  /** Absolute form of a path. */
  resolve(path: string): string
  basename(path: string): string
  dirname(path: string): string
  relative(from: string, to: string): string
}

/** What a finished command printed; `null` in its place means: not installed. */
export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Monotonic time in seconds, the same for all threads of the process; and wall time for stamps. */
export interface Clock {
  nowS(): number
  /** Monotonic seconds since some moment of this process, to be subtracted: fine enough to time microseconds. */
  preciseS(): number
  wallTime(): Date
  /** Resolves after so many seconds, or at once when the signal aborts. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>
}

/** How a serial port is opened: 8 bits, one stop bit, no parity unless it says `even`. */
export interface SerialSettings {
  readonly baudRate: number
  readonly parity?: 'even'
}

/** The ports of the machine. */
export interface SerialPorts {
  /** Lists ports; a machine without serial support gives an empty list and a reason. */
  list(): Promise<{ readonly ports: readonly PortInfo[]; readonly reason?: string }>
  /**
   * Opens a port.
   * @throws MilliwattError METER_NOT_FOUND, METER_BUSY, METER_PERMISSION
   */
  open(path: string, settings: SerialSettings): Promise<Link>
}

/** A thread or process of its own with milliwatt loaded. Messages are copied (structured clone) except for buffers that are moved. */
export interface HostWorker {
  post(message: unknown, transfer: readonly ArrayBuffer[]): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once when it is gone, with the reason. */
  onEnd(listener: (reason: string) => void): void
  /** Ends it at once, whatever it does. */
  end(): Promise<void>
}

/** Everything platform-made comes through here. Only `hosts/`, `entries/` and `cli/` know Node. */
export interface Host {
  /** `linux`, `darwin`, `win32`. */
  readonly platform: string
  /** `x64`, `arm64`, `arm`, `riscv64`, ... */
  readonly architecture: string
  /** Name and version of the JavaScript runtime, such as `node 20.19.0`. */
  readonly runtime: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly system: SystemTree
  readonly files: HostFiles
  readonly clock: Clock
  readonly serial: SerialPorts
  /** Folder for caches of this user. */
  readonly cacheFolder: string
  /** Folder of the installed package (where `models/` and `targets/` lie). */
  readonly packageFolder: string
  /** Starts a thread for a pool; absent where the host has none. */
  startWorker?(): HostWorker
  /** Starts a process that tries a model (`TrialRequest`) and dies alone if that kills it; absent where the host has none. */
  startProcess?(): HostWorker
  /** Runs a command with a deadline; null when it is not installed or did not end in time. */
  command(name: string, args: readonly string[], timeoutS: number): Promise<CommandResult | null>
  /**
   * Starts a command that goes on printing: its standard output is the link, and closing the link ends it. Null when it
   * is not installed.
   * @param onErrorOutput hears its error output as it comes
   */
  startCommand(name: string, args: readonly string[], onErrorOutput?: (text: string) => void): Promise<Link | null>
  /**
   * Connects to an instrument on the network.
   * @throws MilliwattError METER_NOT_FOUND when nothing answers within the time
   */
  connect(hostname: string, port: number, timeoutS: number): Promise<Link>
  /** Loads an optional package; null when it is not installed. */
  optionalPackage(name: string): Promise<unknown | null>
  /** Bytes of a file of an optional package, named as `PACKAGE/PATH`; null when it is not installed. */
  packageFile(name: string): Promise<Uint8Array<ArrayBuffer> | null>
  /**
   * Serves pages over HTTP, to this machine alone unless the place says otherwise.
   * @throws MilliwattError WEB_ADDRESS
   */
  serve(place: WebPlace, answer: (request: WebRequest) => WebReply | Promise<WebReply>): Promise<WebServer>
  /** Path of a file of an optional package, named as `PACKAGE/PATH`; null when it is not installed. */
  packagePath(name: string): string | null
  /**
   * What a file of an optional package, named as `PACKAGE/PATH`, exports when it is run as CommonJS whatever its
   * package says; null when it is not installed. Every call runs it anew.
   */
  packageScript(name: string): Promise<unknown | null>
  /** SHA-256 as lower-case hex, of bytes or of what comes piece by piece. */
  sha256(bytes: Uint8Array | AsyncIterable<Uint8Array>): Promise<string>
}
