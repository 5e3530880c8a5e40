import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { progressLine } from '../../src/cli/progress.ts'

function terminal(isTTY: boolean, columns: number | undefined): { stream: NodeJS.WriteStream; text: () => string } {
  let text = ''
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns,
    cursorTo: () => true,
    clearLine: () => true,
    moveCursor: () => true,
  })
  stream.on('data', (chunk) => {
    text += chunk
  })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text }
}

async function shown(isTTY: boolean, columns: number | undefined): Promise<string> {
  const { stream, text } = terminal(isTTY, columns)
  const progress = progressLine(stream)
  for (let done = 0; done < 3; done++) progress.on({ stage: 'run', done, total: 3 })
  progress.clear()
  progress.stop()
  await new Promise((resume) => setImmediate(resume))
  return text()
}

it('shows the stage and how far it is on a terminal', async () => {
  expect(await shown(true, 80)).toContain('Running inferences 0/3')
})

it('shows nothing when piped, nor on a terminal that does not know its width', async () => {
  expect(await shown(false, undefined)).toBe('')
  expect(await shown(true, 0)).toBe('')
  expect(await shown(true, undefined)).toBe('')
})
