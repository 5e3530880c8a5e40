import { Worker } from 'node:worker_threads'
import type { HostWorker } from '../core/host.ts'

/** Starts the worker of a built package. It keeps the process alive only while an answer is due. */
export function startNodeWorker(file: string): HostWorker {
  const worker = new Worker(file)
  let reason = 'it was ended'
  worker.unref()
  worker.on('error', (error) => {
    reason = error.message
  })
  return {
    post: (message, transfer) => {
      worker.ref()
      worker.postMessage(message, [...transfer])
    },
    onMessage: (listener) => {
      worker.on('message', (message) => {
        worker.unref()
        listener(message)
      })
    },
    onEnd: (listener) => {
      worker.once('exit', () => listener(reason))
    },
    end: async () => {
      await worker.terminate()
    },
  }
}
