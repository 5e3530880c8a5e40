import type { Link } from '../../../src/core/link.ts'

/** What happens to bytes on their way; chances per byte. */
export interface LinkFaults {
  readonly lose: number
  readonly change: number
  readonly add: number
}

/** A link that loses, changes and adds bytes both ways, by a seeded generator. */
export function lossyLink(link: Link, faults: LinkFaults, random: () => number): Link {
  const spoil = (bytes: Uint8Array): Uint8Array => {
    const out: number[] = []
    for (const byte of bytes) {
      const dice = random()
      if (dice < faults.lose) continue
      out.push(dice < faults.lose + faults.change ? Math.floor(random() * 256) : byte)
      if (random() < faults.add) out.push(Math.floor(random() * 256))
    }
    return Uint8Array.from(out)
  }
  return {
    ...link,
    write: (bytes) => link.write(spoil(bytes)),
    onData: (listener) => link.onData((chunk, arrivalS) => listener(spoil(chunk), arrivalS)),
  }
}
