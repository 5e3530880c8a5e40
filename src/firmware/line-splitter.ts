/** A line without a single legal end is noise (a wrong baud rate); it is cut here. */
const longestLine = 1 << 16

/**
 * Cuts the bytes of a link into lines, whatever their chunks: a line ends at LF, CR LF or CR; NUL bytes and empty
 * lines are left out. Characters are Latin-1, one a byte.
 */
export class LineSplitter {
  #rest = ''

  /** What came after the last end of a line. */
  get rest(): string {
    return this.#rest
  }

  /** Lines that these bytes complete, in order. */
  push(bytes: Uint8Array): readonly string[] {
    let text = ''
    for (const byte of bytes) if (byte !== 0) text += String.fromCharCode(byte)
    const parts = (this.#rest + text).split(/[\r\n]/)
    const last = parts.pop()!
    if (last.length > longestLine) parts.push(last)
    this.#rest = last.length > longestLine ? '' : last
    return parts.filter((line) => line !== '')
  }

  /** Forgets what came after the last end of a line. */
  clear(): void {
    this.#rest = ''
  }
}
