import { isMilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { selectBackends } from './list.ts'
import type { TrialAnswer, TrialRequest } from './trial.ts'

/** The thrown-away process's side of a trial: prepares the model, runs it once, and tells what came of it. */
export async function answerTrial(host: Host, request: TrialRequest): Promise<TrialAnswer> {
  try {
    const [backend] = selectBackends([request.backend])
    const executable = await backend!.prepare(request.segment, request.device, host, request.options)
    const outputs = await executable.run(request.inputs)
    return { ok: true, outputs, placement: executable.placement ?? null }
  } catch (error) {
    if (!isMilliwattError(error)) return { ok: false, reason: messageOf(error) }
    return { ok: false, reason: error.detail ?? error.message, code: error.code }
  }
}
