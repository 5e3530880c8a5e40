import { type Command, Option } from 'commander'
import type { Goal, Objective, Use } from '../plan/goal.ts'
import { toCount } from './energy-options.ts'
import { gridOf, gridRegions } from './grid-options.ts'
import { toNumber, toPositive } from './options.ts'

/** Goal options as they come from the command line, in the units that stand in their names. */
export interface GoalOptions {
  readonly minAccuracy?: number
  readonly minRelativeAccuracy?: number
  readonly maxLatencyMs?: number
  readonly maxEnergyMj?: number
  readonly maxModelKb?: number
  readonly maxRamKb?: number
  readonly maxPowerMw?: number
  readonly minBatteryDays?: number
  readonly maxCo2eG?: number
  readonly every?: number
  readonly sleepUw?: number
  readonly batteryMah?: number
  readonly batteryV: number
  readonly batteryUsable: number
  readonly grid: string
  readonly intensity?: number
  readonly inferences: number
  readonly minimize: Objective
  readonly acceptEmulated?: boolean
}

function addLimits(command: Command): void {
  command
    .option('--min-accuracy <share>', 'least accuracy, 0..1', toNumber)
    .option(
      '--min-relative-accuracy <share>',
      "least accuracy as a share of the best variant's (default 0.9)",
      toNumber,
    )
    .option('--max-latency-ms <ms>', 'most latency of an inference, 95th percentile', toNumber)
    .option('--max-energy-mj <mj>', 'most energy of an inference; only a physical reading satisfies it', toNumber)
    .option('--max-model-kb <kb>', 'most size of the model file, in units of 1000 bytes', toNumber)
    .option('--max-ram-kb <kb>', 'most memory for tensors, in units of 1000 bytes', toNumber)
    .option('--max-power-mw <mw>', 'most mean power at the rate of --every', toNumber)
    .option('--min-battery-days <days>', 'least life of the battery of --battery-mah at the rate of --every', toNumber)
    .option('--max-co2e-g <g>', 'most CO2 equivalents of the electricity of --inferences', toNumber)
}

function addUse(command: Command): void {
  command
    .option('--every <s>', 'seconds from one inference to the next', toPositive)
    .option(
      '--sleep-uw <µW>',
      "power between inferences (default: the machine's idle power where it is known)",
      toNumber,
    )
    .option('--battery-mah <mAh>', 'capacity of the battery', toPositive)
    .option('--battery-v <V>', 'its mean voltage', toPositive, 3.7)
    .option('--battery-usable <share>', 'part of its capacity that can be drawn', toPositive, 1)
    .option('--grid <region>', `average of a grid: ${gridRegions}`, 'world')
    .option('--intensity <g/kWh>', 'intensity of your own grid instead', toPositive)
    .option('--inferences <n>', 'how many inferences --max-co2e-g counts', toCount, 1_000_000)
}

/** Gives a command the options of a goal: limits, how the model is used, what to minimise. */
export function addGoalOptions(command: Command): Command {
  addLimits(command)
  addUse(command)
  return command
    .addOption(
      new Option('--minimize <what>', 'what to make small once the limits hold; accuracy is made large')
        .choices(['energy', 'latency', 'bytes', 'accuracy'])
        .default('energy'),
    )
    .option('--accept-emulated', 'let an emulated figure satisfy limits on energy (rehearsals)')
}

/** Fields whose value is known. */
function known<T extends object>(fields: { readonly [Key in keyof T]: T[Key] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}

const scaled = (value: number | undefined, scale: number) => (value === undefined ? undefined : value * scale)

function toUse(options: GoalOptions, now: Date): Use | undefined {
  const { every, sleepUw, batteryMah, batteryV, batteryUsable, maxCo2eG, inferences } = options
  const use = known<Use>({
    everyS: every,
    sleepW: scaled(sleepUw, 1e-6),
    battery:
      batteryMah === undefined
        ? undefined
        : { capacityMah: batteryMah, voltageV: batteryV, usableShare: batteryUsable },
    carbon: maxCo2eG === undefined ? undefined : { gramsPerKwh: gridOf(options, now).gramsPerKwh, inferences },
  })
  return Object.keys(use).length === 0 ? undefined : use
}

/**
 * The goal that the options ask for: without limits on accuracy, 90 % of the best variant's.
 * @throws MilliwattError USAGE for a grid that is not in the table
 */
export function toGoal(options: GoalOptions, now: Date): Goal {
  const { minAccuracy, minRelativeAccuracy, minimize, acceptEmulated } = options
  return {
    minimize,
    ...known<Goal>({
      minAccuracy,
      minRelativeAccuracy: minRelativeAccuracy ?? (minAccuracy === undefined ? 0.9 : undefined),
      maxLatencyS: scaled(options.maxLatencyMs, 1e-3),
      maxEnergyJ: scaled(options.maxEnergyMj, 1e-3),
      maxModelBytes: scaled(options.maxModelKb, 1e3),
      maxArenaBytes: scaled(options.maxRamKb, 1e3),
      maxMeanPowerW: scaled(options.maxPowerMw, 1e-3),
      minBatteryLifeS: scaled(options.minBatteryDays, 86400),
      maxGramsCo2e: options.maxCo2eG,
      use: toUse(options, now),
      acceptProvenance: acceptEmulated ? ['measured', 'replayed', 'emulated'] : undefined,
      minimize,
    }),
  }
}
