import type { DeclaredCost, RemoteRun } from '../backends/backend.ts'
import type { Cost } from '../core/cost.ts'
import { modelledEnergy, type PublishedPower } from '../cost/modelled.ts'
import { netEnergyJ } from '../trace/idle.ts'
import type { MeasuredWindow, PowerSession } from './power.ts'

const noEnergy = (latencyS: number, energyReason: string): Cost => ({
  latencyS,
  meanPowerW: null,
  energyJ: null,
  netEnergyJ: null,
  provenance: null,
  energyReason,
})

/** Cost of one inference from published figures, or none with the reason. */
export function modelledCost(latencyS: number, power: PublishedPower | null): Cost {
  if (!power) return noEnergy(latencyS, 'no meter, and no published power for this machine in targets/')
  const { energyJ, provenance } = modelledEnergy(latencyS, power)
  const net = power.idleW === null ? null : latencyS * (power.activeW - power.idleW)
  return { latencyS, meanPowerW: power.activeW, energyJ, netEnergyJ: net, provenance }
}

/** Cost of one inference on a simulated device, as its model declares it. */
export function declaredAsCost({ latencyS, energyJ, provenance }: DeclaredCost): Cost {
  if (energyJ === null) return noEnergy(latencyS, 'the simulated device, or a part beside it, declares no power')
  return { latencyS, meanPowerW: energyJ / latencyS, energyJ, netEnergyJ: null, provenance }
}

/** Whether a session's meter can see what an engine runs on: a physical meter sees no emulated board. */
export function seesDevice({ meter }: PowerSession, { remote }: { readonly remote?: RemoteRun | undefined }): boolean {
  return !(remote?.isEmulated && meter.info.provenance === 'measured')
}

/** Cost of one inference on a board that no meter here can see. */
export function unseenCost(latencyS: number): Cost {
  return noEnergy(latencyS, 'the board is emulated: what a physical meter reads is something else')
}

/** Cost of one inference from a measuring window that held `repeats` of them. */
export function measuredCost(
  latencyS: number,
  window: MeasuredWindow,
  repeats: number,
  session: PowerSession,
  idlePowerW: number | null,
): Cost {
  const { energy, reason } = window
  if (!energy) return noEnergy(latencyS, reason ?? 'the window holds no samples')
  return {
    latencyS,
    meanPowerW: energy.meanPowerW,
    energyJ: energy.energyJ / repeats,
    netEnergyJ: idlePowerW === null ? null : netEnergyJ(energy, idlePowerW) / repeats,
    provenance: session.meter.info.provenance,
    ...(reason === null ? {} : { energyReason: reason }),
  }
}
