import type { BatteryResult } from '../energy/battery.ts'
import type { CarbonResult } from '../energy/carbon.ts'
import { factLines } from './fact-lines.ts'
import type { Fact } from './facts.ts'
import { formatCount, formatEnergy, formatPercent, formatPower, formatTime } from './format.ts'
import type { TextStyle } from './table.ts'

const massUnits = [
  [1e12, 'pg'],
  [1e9, 'ng'],
  [1e6, 'µg'],
  [1e3, 'mg'],
  [1, 'g'],
  [1e-3, 'kg'],
] as const

/** Grams with a prefix and at most two digits: `87 ng`. */
export function formatGrams(grams: number): string {
  const [factor, unit] = massUnits.findLast(([each]) => Math.abs(grams) * each >= 1) ?? massUnits[0]
  return `${Number((grams * factor).toPrecision(2))} ${unit}`
}

/** Carbon of inferences as text; ends with a line feed. */
export function carbonText(result: CarbonResult, width: number, style: TextStyle): string {
  const { grid, inferences, gramsCo2e, energyJ, provenance, leavesOut } = result
  const facts: readonly Fact[] = [
    {
      name: 'Greenhouse gases',
      value: `${formatGrams(gramsCo2e)} CO2e`,
      provenance,
      detail: `${formatCount(inferences)} inference${inferences === 1 ? '' : 's'}`,
    },
    { name: 'Energy', value: formatEnergy(energyJ, provenance) },
    { name: 'Grid', value: `${grid.region}, ${grid.gramsPerKwh} g/kWh, ${grid.year}`, detail: grid.source },
    { name: 'Left out', value: leavesOut },
  ]
  return `${factLines(facts, width, style).join('\n')}\n`
}

const daysText = (seconds: number): string => {
  const days = seconds / 86_400
  return days >= 730
    ? `${(days / 365.25).toPrecision(3)} years`
    : days >= 2
      ? `${days.toPrecision(3)} days`
      : formatTime(seconds)
}

/** Battery life as text; ends with a line feed. */
export function batteryText(result: BatteryResult, width: number, style: TextStyle): string {
  const { lifeS, lifeIntervalS, meanPowerW, provenance, dutyCycle, sleepW, sleepSource, use, leavesOut, confidence } =
    result
  const range = lifeIntervalS
    ? `${formatPercent(confidence, 0)} interval of the energy: ${lifeIntervalS.map(daysText).join(' to ')}`
    : 'no interval can be stated'
  const facts: readonly Fact[] = [
    { name: 'Battery life', value: daysText(lifeS), provenance, detail: range },
    { name: 'Mean power', value: formatPower(meanPowerW, provenance) },
    {
      name: 'Duty cycle',
      value: formatPercent(dutyCycle, 4),
      detail: `one inference every ${formatTime(use.everyS)}`,
    },
    {
      name: 'Between them',
      value: formatPower(sleepW, sleepSource === 'stated by user' ? 'modelled' : provenance),
      detail: sleepSource,
    },
    {
      name: 'Battery',
      value: `${use.capacityMah} mAh at ${use.voltageV} V`,
      detail: `${formatPercent(use.usableShare, 0)} of it usable`,
    },
    { name: 'Left out', value: leavesOut },
  ]
  return `${factLines(facts, width, style).join('\n')}\n`
}
