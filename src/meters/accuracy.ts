import { MilliwattError, messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { parseTarget } from '../targets/load.ts'
import { meterSchema } from '../targets/schema.ts'
import type { MeterTarget } from '../targets/target.ts'
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
 * @param shunt its tolerance adds to the gain, and makes a current of an offset voltage
 * @throws MilliwattError TARGET_INVALID when its file states no gain
 */
export function toAccuracy(
  target: MeterTarget,
  shunt?: { readonly ohms: number; readonly tolerance: number },
): Accuracy {
  const { id, gainUncertainty: gain, offsetA, offsetW, shuntOffsetV } = target
  if (!gain)
    throw new MilliwattError('TARGET_INVALID', `targets/meters/${id}.json`, 'Field gainUncertainty: is missing.')
  const shuntA = shuntOffsetV && shunt ? shuntOffsetV.value / shunt.ohms : 0
  const totalA = (offsetA?.value ?? 0) + shuntA
  const sources = [gain, offsetA, offsetW, shuntOffsetV].flatMap((figure) => (figure ? [figure.source] : []))
  if (shunt) sources.push(`shunt ${shunt.ohms} Ω ±${shunt.tolerance * 100} %`)
  return {
    gain: gain.value + (shunt?.tolerance ?? 0),
    ...(totalA > 0 ? { offsetA: totalA } : {}),
    ...(offsetW ? { offsetW: offsetW.value } : {}),
    source: [...new Set(sources)].join('; '),
  }
}

/** The stated limits of error of the meter with this id. @throws MilliwattError TARGET_INVALID */
export async function accuracyOf(host: Host, id: string): Promise<Accuracy> {
  return toAccuracy(await meterTarget(host, id))
}
