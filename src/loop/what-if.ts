import { type SimulatedNpus, simulatedNpus } from '../backends/simulated-npu.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Targets } from '../targets/target.ts'

/** The simulated accelerators of these names. @throws MilliwattError TARGET_UNKNOWN listing those that there are */
export function chosenNpus({ accelerators }: Targets, names: readonly string[]): SimulatedNpus {
  const all = simulatedNpus(accelerators.values())
  for (const name of names) {
    if (all.models.has(`npu:${name}`)) continue
    const known = [...all.models.values()].map(({ id }) => id)
    throw new MilliwattError('TARGET_UNKNOWN', name, `Accelerators that can be simulated: ${known.join(', ')}.`)
  }
  const devices = names.map((name) => all.devices.find(({ id }) => id === `npu:${name}`)!)
  return { ...all, devices }
}
