import { isMilliwattError } from '../../../../src/core/errors.ts'
import type { FlashResult } from '../../../../src/firmware/flash/flash.ts'
import { seeded } from './flash-job.ts'

/** An attempt to flash over a cable that is cut after so many bytes, if any. */
export interface Attempt {
  readonly done: Promise<FlashResult>
  /** Bytes that went over the cable. */
  readonly passed: { readonly count: () => number }
}

type Attempts = (cutAt?: number) => Attempt

const points = 20

/**
 * What became of an attempt that was cut. One that needed fewer bytes than that, for the board answered sooner, does not
 * count: another is cut earlier.
 */
async function cutOff(attempt: Attempts, wantedAt: number): Promise<unknown> {
  for (let cutAt = wantedAt; ; ) {
    const { done, passed } = attempt(cutAt)
    const end: unknown = await done.catch((error: unknown) => error)
    if (passed.count() >= cutAt) return end
    cutAt = passed.count() - 1
  }
}

/**
 * Takes the cable out at 20 random points of an attempt. Each time the error must come from the table and name the
 * unplugging, and the attempt after it must succeed with the image on the board.
 * @returns codes of the errors, sorted, each once
 */
export async function unplugEverywhere(attempt: Attempts, isHeld: () => Promise<boolean>): Promise<readonly string[]> {
  // The first also waits for the board to come up.
  await attempt().done
  const whole = attempt()
  await whole.done
  const bytes = whole.passed.count()
  const next = seeded(7)
  const codes = new Set<string>()
  for (let point = 0; point < points; point++) {
    // One in each twentieth, so that every step is hit.
    const cutAt = Math.ceil(((point + next()) / points) * (bytes - 1))
    const error = await cutOff(attempt, cutAt)
    if (!isMilliwattError(error)) throw new Error(`cut after ${cutAt} of ${bytes} bytes: ${JSON.stringify(error)}`)
    if (!error.detail?.includes('went away (unplugged)')) throw new Error(`${error.code}: ${error.detail}`)
    codes.add(error.code)
    const again = await attempt().done
    if (!again.verified || !(await isHeld()))
      throw new Error(`after a cut at ${cutAt} of ${bytes} the image is not there`)
  }
  return [...codes].sort()
}
