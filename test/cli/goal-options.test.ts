import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addGoalOptions, type GoalOptions, toGoal } from '../../src/cli/goal-options.ts'
import { checkGoal } from '../../src/plan/goal.ts'

function goalOf(...args: string[]) {
  const command = addGoalOptions(new Command().exitOverride())
  command.parse(args, { from: 'user' })
  return toGoal(command.opts<GoalOptions>(), new Date(0))
}

describe('goal options', () => {
  it('ask for 90 % of the best accuracy and least energy by default', () => {
    expect(goalOf()).toEqual({ minimize: 'energy', minRelativeAccuracy: 0.9 })
    expect(goalOf('--min-accuracy', '0.8')).toEqual({ minimize: 'energy', minAccuracy: 0.8 })
  })

  it('turn every limit into SI units, with how the model is used', () => {
    const goal = goalOf(
      ...['--min-relative-accuracy', '0.95', '--max-latency-ms', '20', '--max-energy-mj', '2', '--max-model-kb', '60'],
      ...['--max-ram-kb', '100', '--max-power-mw', '3', '--min-battery-days', '30', '--max-co2e-g', '5'],
      ...['--every', '10', '--sleep-uw', '20', '--battery-mah', '1000', '--battery-v', '3', '--battery-usable', '0.8'],
      ...['--grid', 'fr', '--inferences', '1000', '--minimize', 'accuracy', '--accept-emulated'],
    )
    expect(checkGoal(goal)).toEqual({
      minRelativeAccuracy: 0.95,
      maxLatencyS: 0.02,
      maxEnergyJ: 0.002,
      maxModelBytes: 60_000,
      maxArenaBytes: 100_000,
      maxMeanPowerW: 0.003,
      minBatteryLifeS: 30 * 86400,
      maxGramsCo2e: 5,
      use: {
        everyS: 10,
        sleepW: expect.closeTo(20e-6, 12),
        battery: { capacityMah: 1000, voltageV: 3, usableShare: 0.8 },
        carbon: { gramsPerKwh: 44.2, inferences: 1000 },
      },
      minimize: 'accuracy',
      acceptProvenance: ['measured', 'replayed', 'emulated'],
    })
  })

  it('refuse a grid that nobody knows, and limits without what they are computed with', () => {
    expect(() => goalOf('--max-co2e-g', '5', '--grid', 'atlantis')).toThrow(/--grid/)
    expect(() => checkGoal(goalOf('--min-battery-days', '5'))).toThrow(/use\.everyS/)
  })
})
