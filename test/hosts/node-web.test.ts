import { get } from 'node:http'
import { describe, expect, it } from 'vitest'
import { nodeHost } from '../../src/hosts/node.ts'

const place = { address: '127.0.0.1', port: 0 }

/** Status of a request under another name. */
const statusFor = (url: string, host: string): Promise<number> =>
  new Promise((done, fail) => {
    get(url, { headers: { host } }, (response) => {
      response.resume()
      done(response.statusCode ?? 0)
    }).on('error', fail)
  })

describe('the server of a Node host', () => {
  it('answers GET with what it is given, and says what went wrong', async () => {
    await using server = await nodeHost().serve(place, ({ path, query }) => {
      if (path === '/bad') throw new Error('no such thing')
      return { type: 'text/plain', body: `${path} ${JSON.stringify(query)}` }
    })
    const fine = await fetch(`${server.url}view?last=10`)
    expect([fine.status, await fine.text()]).toEqual([200, '/view {"last":"10"}'])
    const bad = await fetch(`${server.url}bad`)
    expect([bad.status, await bad.text()]).toEqual([500, 'no such thing\n'])
    expect((await fetch(server.url, { method: 'POST', body: 'x' })).status).toBe(405)
  })

  it('answers on this machine only under names of this machine', async () => {
    await using server = await nodeHost().serve(place, () => ({ type: 'text/plain', body: '' }))
    expect(await statusFor(server.url, 'localhost:80')).toBe(200)
    expect(await statusFor(server.url, 'evil.example')).toBe(403)
  })

  it('says that a port is taken', async () => {
    const answer = () => ({ type: 'text/plain', body: '' })
    await using server = await nodeHost().serve(place, answer)
    const port = Number(new URL(server.url).port)
    await expect(nodeHost().serve({ ...place, port }, answer)).rejects.toMatchObject({ code: 'WEB_ADDRESS' })
  })
})
