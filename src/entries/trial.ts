import type { TrialRequest } from '../backends/trial.ts'
import { answerTrial } from '../backends/trial-server.ts'
import { nodeHost } from '../hosts/node.ts'

/** What the process of a trial runs. It does not tidy up: whoever started it ends it. */
process.on('message', (request: TrialRequest) => {
  void answerTrial(nodeHost(), request).then((answer) => process.send?.(answer))
})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
