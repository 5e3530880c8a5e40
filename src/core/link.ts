/**
 * How a link ended: closed by us, or lost (unplugged, peer died) with the system's words. A command that ended by
 * itself leaves its exit code.
 */
export type LinkEnd =
  | { readonly how: 'closed' }
  | { readonly how: 'lost'; readonly reason: string; readonly exitCode?: number }

/** Lines of a serial port beside its data: true asserts one. */
export interface ModemLines {
  readonly dtr: boolean
  readonly rts: boolean
}

/**
 * A byte stream to something outside: a serial port, a pty, an emulator. Bytes are pushed, so that a
 * 400 kB/s stream costs little.
 */
export interface Link extends AsyncDisposable {
  readonly path: string
  /** Sends bytes. Resolves when they are handed to the system; rejects when the link has ended. */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Subscribes to incoming bytes. `arrivalS` is the host clock (`Host.clock.nowS` of the same process)
   * at the moment the bytes came out of the system, taken before any queueing. A chunk belongs to the listener.
   * @returns a function that ends the subscription
   */
  onData(listener: (chunk: Uint8Array, arrivalS: number) => void): () => void
  /** Resolves, never rejects, when the link ends for any reason. */
  readonly ended: Promise<LinkEnd>
  /** Sets the modem lines; false where the port has none, as a pseudo terminal. Absent on what is no serial port. */
  setLines?(lines: ModemLines): Promise<boolean>
  /** Closes the link; a second call does nothing. */
  close(): Promise<void>
}

/** A serial port as the operating system lists it. USB ids are lower-case hex of four digits. */
export interface PortInfo {
  readonly path: string
  readonly vendorId?: string
  readonly productId?: string
  readonly serialNumber?: string
  readonly manufacturer?: string
  /** The kernel's place of the USB device, which orders several ports of one device. */
  readonly location?: string
}
