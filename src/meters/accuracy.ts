import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { parseTarget } from '../targets/load.ts'
import { meterSchema } from '../targets/schema.ts'
import type { AccuracyLimits, MeterTarget } from '../targets/target.ts'
import type { Accuracy } from './meter.ts'

const folderOf = (host: Host) => host.files.join(host.packageFolder, 'targets', 'meters')

/**
 * What `targets/meters` says of one meter.
 * @throws MilliwattError TARGET_INVALID when there is no such file or it is wrong
 */
export async function meterTarget(host: Host, id: string): Promise<MeterTarget> {
  const path = host.files.join(folderOf(host), `${id}.json`)
  let text: string
  try {
    text = await host.files.readText(path)
  } catch (error) {
    throw new MilliwattError('TARGET_INVALID', path, `It cannot be read: ${messageOf(error)}.`, error)
  }
  return parseTarget(path, text, meterSchema)
}

/** Every file of `targets/meters`, by name. @throws MilliwattError TARGET_INVALID */
export async function meterTargets(host: Host): Promise<readonly MeterTarget[]> {
  const names = (await host.files.list(folderOf(host))).filter((name) => name.endsWith('.json'))
  return Promise.all(names.map((name) => meterTarget(host, name.replace(/\.json$/, ''))))
}

/**
 * The stated limits of error of one meter.
 * @throws MilliwattError TARGET_INVALID when the file states none
 */
export async function accuracyOf(host: Host, id: string): Promise<Accuracy> {
  const { accuracy } = await meterTarget(host, id)
  if (!accuracy) throw new MilliwattError('TARGET_INVALID', `targets/meters/${id}.json`, 'Field accuracy: is missing.')
  return toAccuracy(accuracy)
}

/** Limits with a shunt: its tolerance adds to the gain, the offset voltage becomes a current. */
export function toAccuracy(
  limits: AccuracyLimits,
  shunt?: { readonly ohms: number; readonly tolerance: number },
): Accuracy {
  const { gain, offsetA, offsetW, shuntOffsetV, source } = limits
  const shuntA = shuntOffsetV === undefined || !shunt ? 0 : shuntOffsetV / shunt.ohms
  const totalA = (offsetA ?? 0) + shuntA
  return {
    gain: gain + (shunt?.tolerance ?? 0),
    ...(totalA > 0 ? { offsetA: totalA } : {}),
    ...(offsetW === undefined ? {} : { offsetW }),
    source: shunt ? `${source}; shunt ${shunt.ohms} Ω ±${shunt.tolerance * 100} %` : source,
  }
}
