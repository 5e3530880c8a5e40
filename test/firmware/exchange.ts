import type { Link } from '../../src/core/link.ts'

/** Sends bytes over a link and gives at least so many that come. */
export async function exchange(link: Link, sent: Uint8Array, count: number): Promise<Uint8Array> {
  const got: number[] = []
  let stop = () => {}
  const all = new Promise<void>((done) => {
    stop = link.onData((chunk) => {
      got.push(...chunk)
      if (got.length >= count) done()
    })
  })
  await link.write(sent)
  await all
  stop()
  return Uint8Array.from(got)
}
