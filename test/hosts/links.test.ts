import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Link } from '../../src/core/link.ts'
import { openProcessLink } from '../../src/hosts/process-link.ts'
import { linkOverSocket, openTcpLink } from '../../src/hosts/tcp-link.ts'

/** Text of a link until it holds the words. */
function until(link: Link, words: string): Promise<string> {
  let text = ''
  return new Promise((done) => {
    link.onData((bytes) => {
      text += new TextDecoder().decode(bytes)
      if (text.includes(words)) done(text)
    })
  })
}

describe('a command as a link', () => {
  it('gives what it prints with arrival times, takes input, and ends on close', async () => {
    const program =
      'process.stdin.on("data", (d) => process.stdout.write("got " + d)); setInterval(() => console.log("tick"), 20)'
    const link = (await openProcessLink(process.execPath, ['-e', program]))!
    await until(link, 'tick')
    const answer = until(link, 'got hello')
    await link.write(new TextEncoder().encode('hello'))
    await answer
    await link.close()
    expect(await link.ended).toEqual({ how: 'closed' })
  })

  it('is lost with its status and last words, and null where it is not installed', async () => {
    const link = (await openProcessLink(process.execPath, ['-e', 'console.error("no such GPU"); process.exit(3)']))!
    expect(await link.ended).toEqual({
      how: 'lost',
      reason: expect.stringMatching(/status 3: no such GPU/),
      exitCode: 3,
    })
    expect(await openProcessLink('/nowhere/no-such-command', [])).toBeNull()
  })

  it('gives the error output too where that is asked for', async () => {
    const program = 'setTimeout(() => { console.error("half"); console.log("done") }, 50)'
    let said = ''
    const hear = (text: string) => {
      said += text
    }
    const link = (await openProcessLink(process.execPath, ['-e', program], hear))!
    link.onData((bytes) => hear(new TextDecoder().decode(bytes)))
    expect(await link.ended).toMatchObject({ exitCode: 0 })
    expect(said.split('\n').sort()).toEqual(['', 'done', 'half'])
  })
})

describe('a TCP link', () => {
  it('carries bytes both ways and is lost when the other side closes', async () => {
    const server = createServer((socket) => {
      const link = linkOverSocket(socket, 'client')
      link.onData(async (bytes) => {
        await link.write(bytes)
        if (bytes[0] === 33) await link.close()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const link = await openTcpLink('127.0.0.1', port, 5)
    const echo = until(link, 'abc')
    await link.write(new TextEncoder().encode('abc'))
    await echo
    await link.write(new TextEncoder().encode('!'))
    expect(await link.ended).toMatchObject({ how: 'lost' })
    await expect(link.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'METER_LOST' })
    await link.close()
    const again = await openTcpLink('127.0.0.1', port, 5)
    await again.close()
    expect(await again.ended).toEqual({ how: 'closed' })
    await new Promise((done) => server.close(done))
    await expect(openTcpLink('127.0.0.1', port, 5)).rejects.toMatchObject({ code: 'METER_NOT_FOUND' })
  })
})
