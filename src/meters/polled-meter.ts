import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { Clock } from '../core/host.ts'
import type { SampleEvent } from '../trace/samples.ts'
import { createMeter } from './create-meter.ts'
import { createHostGrid, type HostGrid, type SensorReading } from './host-grid.ts'
import type { Meter, MeterInfo } from './meter.ts'

/** Without a good reading for so long, in seconds and in samples, the sensor is gone. */
const silenceS = 2
const silenceSamples = 5

/** A sensor that answers when it is asked. */
export interface PolledSensor {
  readonly info: MeterInfo
  readonly clock: Clock
  /** Asks once. @returns the reading, or why there is none this time. */
  read(): Promise<SensorReading | string>
  /** Called once. */
  close(): Promise<void>
}

async function* pollEvents(sensor: PolledSensor, grid: HostGrid, signal: AbortSignal): AsyncGenerator<SampleEvent> {
  const { clock, info } = sensor
  const periodS = 1 / info.sampleRateHz
  const startS = clock.nowS()
  let goodS = startS
  for (let slot = 0; !signal.aborted; ) {
    const waitS = startS + slot * periodS - clock.nowS()
    if (waitS > 0) await clock.sleep(waitS, signal)
    if (signal.aborted) return
    const reading = await ask(sensor)
    if (typeof reading === 'string') {
      if (clock.nowS() - goodS > Math.max(silenceS, silenceSamples * periodS)) {
        throw new MilliwattError('METER_LOST', info.path, `(${reading})`)
      }
    } else {
      goodS = clock.nowS()
      yield* grid.add(reading)
    }
    slot = Math.max(slot + 1, Math.ceil((clock.nowS() - startS) / periodS - 0.01))
  }
}

async function ask(sensor: PolledSensor): Promise<SensorReading | string> {
  try {
    return await sensor.read()
  } catch (error) {
    if (isMilliwattError(error)) throw error
    return messageOf(error)
  }
}

/** Makes a meter of a sensor: asks it at the rate of `info`, on the host's clock. */
export function createPolledMeter(sensor: PolledSensor): Meter {
  return createMeter({
    info: sensor.info,
    openStream: () => {
      const grid = createHostGrid(sensor.info.sampleRateHz)
      return {
        get counts() {
          return grid.counts
        },
        events: (signal) => pollEvents(sensor, grid, signal),
      }
    },
    close: () => sensor.close(),
  })
}
