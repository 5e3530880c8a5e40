import { parentPort } from 'node:worker_threads'
import { nodeHost } from '../hosts/node.ts'
import type { PoolRequest } from '../loop/pool-messages.ts'
import { poolServer } from '../loop/pool-server.ts'

/** What a worker thread of a pool runs. */
const answer = poolServer(nodeHost(), (message, transfer) => parentPort?.postMessage(message, [...transfer]))
parentPort?.on('message', (request: PoolRequest) => void answer(request))
