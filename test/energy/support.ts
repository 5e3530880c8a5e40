import { type EnergyEstimate, type EnergySession, estimateEnergy } from '../../src/energy/estimate.ts'
import type { InstrumentLimits } from '../../src/energy/instrument.ts'
import type { EnergyRecord, RecordedFigure } from '../../src/energy/record.ts'
import type { PlacedWindow } from '../../src/energy/window-finders.ts'
import { idleLevel } from '../../src/trace/idle.ts'
import { PowerBuffer } from '../../src/trace/power-buffer.ts'
import { block, ManualClock } from '../trace/support.ts'

/** An instrument without any error. */
export const perfect: InstrumentLimits = {
  gain: { value: 0, source: 'test' },
  supply: { value: 0, source: 'test' },
  clock: { value: 0, source: 'test' },
  offsetW: { value: 0, source: 'test' },
}

/** A power buffer at 1 kHz over these samples; null stands for a sample that was lost. */
export function bufferOf(powerW: readonly (number | null)[], digital?: readonly number[]): PowerBuffer {
  const buffer = new PowerBuffer({ sampleRateHz: 1000, clock: new ManualClock(), keepS: 100, maxPowerW: 1 })
  powerW.forEach((value, at) => {
    buffer.push(value === null ? { kind: 'gap', firstIndex: at, count: 1 } : block(at, [value], [digital?.[at] ?? 0]))
  })
  buffer.end()
  return buffer
}

/** A window of the event line. */
export function place(startIndex: number, endIndex: number, inferences = 10): PlacedWindow {
  return {
    startIndex,
    endIndex,
    inferences,
    method: 'event line',
    edgeUncertaintyS: 0.001,
    edges: 'independent',
    words: 'a test',
  }
}

/** 100 ms idle at 10 mW, then windows of 200 ms at these powers with 100 ms of idle after each. */
export function sessionOf(powersW: readonly number[], change: Partial<EnergySession> = {}): EnergySession {
  const powerW = [
    ...Array(100).fill(0.01),
    ...powersW.flatMap((power) => [...Array(200).fill(power), ...Array(100).fill(0.01)]),
  ]
  const buffer = bufferOf(powerW)
  const windows = powersW.map((_, at) => {
    const window = place(100 + 300 * at, 300 + 300 * at)
    return { place: window, energy: buffer.window(window.startIndex, window.endIndex) }
  })
  return {
    windows,
    idleBefore: idleLevel(buffer, 0, 100).idle,
    idleAfter: idleLevel(buffer, powerW.length - 100, powerW.length).idle,
    instrument: perfect,
    sampleRateHz: 1000,
    supplyKnown: true,
    ...change,
  }
}

/** An energy record as a measurement would leave it. */
export function recordOf(
  powersW: readonly number[],
  change: Partial<EnergyRecord> = {},
  session: Partial<EnergySession> = {},
): EnergyRecord {
  const from = sessionOf(powersW, session)
  const estimate = estimateEnergy(from)
  const provenance = change.provenance ?? 'measured'
  return {
    version: 1,
    kind: 'milliwatt-energy',
    milliwatt: '0.1.0',
    createdAt: '2026-11-21T12:00:00.000Z',
    provenance,
    verdict: estimate.verdict,
    reasons: estimate.reasons,
    subject: {
      model: 'kws',
      variant: 'int8',
      file: 'kws.tflite',
      sha256: 'a'.repeat(64),
      engine: 'compiled',
      machine: 'a board',
    },
    method: { alignment: 'event line', words: 'a test', edgeUncertaintyS: 0.001, integration: 'rectangle rule' },
    meter: {
      driver: 'test',
      model: 'Test meter',
      serialNumber: '1',
      mode: 'source',
      supplyV: 3.3,
      supplySource: 'measured',
      sampleRateHz: 1000,
      calibration: { R0: 1 },
    },
    idle: { before: null, after: null },
    windows: from.windows.map(({ energy, place: { inferences } }) => ({
      startS: energy.startIndex / 1000,
      durationS: energy.durationS,
      inferences,
      energyJ: energy.energyJ,
      energyUpperJ: energy.energyUpperJ,
      meanPowerW: energy.meanPowerW,
      samplesLost: energy.lost,
      samplesInvalid: energy.invalid,
      verdict: energy.verdict,
      reason: energy.reason,
      provenance,
    })),
    gross: sourced(estimate.gross, provenance),
    net: sourced(estimate.net, provenance),
    netReason: estimate.netReason,
    secondsPerInference: estimate.secondsPerInference,
    latencyS: null,
    official: null,
    environment: { platform: 'linux', architecture: 'x64', runtime: 'node 20', temperatureC: null },
    trace: null,
    ...change,
  }
}

function sourced(figure: EnergyEstimate['gross'], provenance: EnergyRecord['provenance']): RecordedFigure | null {
  return figure && { ...figure, provenance }
}
