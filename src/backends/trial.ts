import type { Device } from '../core/device.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { inTime } from '../core/in-time.ts'
import type { Segment } from '../graph/segment.ts'
import type { TensorValue } from './backend.ts'
import type { Placement, PlacementOptions } from './placement.ts'

/** A model to be tried on a backend and device in a process of its own. */
export interface TrialRequest {
  readonly backend: string
  readonly device: Device
  /** In the form that the backend takes. */
  readonly segment: Segment
  readonly inputs: Readonly<Record<string, TensorValue>>
  readonly options?: PlacementOptions
}

/** What came of it. */
export type TrialAnswer =
  | {
      readonly ok: true
      readonly outputs: Readonly<Record<string, TensorValue>>
      readonly placement: Placement | null
    }
  | { readonly ok: false; readonly reason: string; readonly code?: ErrorCode }

/** A driver compiles its programs at the first run. */
const timeoutS = 60

const failed = (reason: string): TrialAnswer => ({ ok: false, reason })

/**
 * Prepares a model and runs it once in a process that is thrown away afterwards, so that a driver that crashes or hangs
 * takes nothing with it. Never throws: what fails is the reason.
 */
export async function tryApart(host: Host, request: TrialRequest): Promise<TrialAnswer> {
  if (!host.startProcess) return failed('this host cannot start a process of its own for a trial')
  const child = host.startProcess()
  try {
    const answer = await inTime(host.clock, timeoutS, () => {
      const answered = new Promise<TrialAnswer>((resolve) => {
        child.onMessage((message) => resolve(message as TrialAnswer))
        child.onEnd((reason) => resolve(failed(reason)))
      })
      child.post(request, [])
      return answered
    })
    return answer === 'late' ? failed(`the trial gave no answer within ${timeoutS} s`) : answer
  } finally {
    await child.end()
  }
}
