import { fork } from 'node:child_process'
import type { HostWorker } from '../core/host.ts'

/** Most characters of the error output that are kept for the reason. */
const keptErrorLength = 400

/**
 * Starts a program of the built package in a process of its own, which ends with this one. Messages are copied;
 * nothing can be moved. What the program prints goes nowhere, but for the last line of a process that died.
 */
export function startNodeProcess(file: string): HostWorker {
  const child = fork(file, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  let said = ''
  let failure: string | null = null
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-keptErrorLength)
  })
  child.on('error', (error) => {
    failure = error.message
  })
  const exited = new Promise<string>((resolve) => {
    child.once('close', (status, signal) => {
      const last = said.trim().split('\n').at(-1)
      const how = signal ? `was ended by ${signal}` : `ended with status ${status}`
      resolve(failure ?? `the process ${how}${last ? `: ${last}` : ''}`)
    })
  })
  return {
    post: (message) => {
      // A process that is dead already tells by its end.
      if (child.connected) child.send(message as object, () => {})
    },
    onMessage: (listener) => void child.on('message', listener),
    onEnd: (listener) => void exited.then(listener),
    end: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
