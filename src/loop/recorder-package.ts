import { messageOf } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import type { AudioSource } from './audio-source.ts'

/** What is used of @picovoice/pvrecorder-node. */
interface PvRecorder {
  readonly sampleRate: number
  start(): void
  /** Resolves with the next frame. */
  read(): Promise<Int16Array>
  stop(): void
  release(): void
}

interface PvRecorderPackage {
  readonly PvRecorder: {
    new (frameLength: number, deviceIndex: number): PvRecorder
    getAvailableDevices(): readonly string[]
  }
}

/** Samples that are read at a time: a hop of 20 ms. */
const frameLength = 320

function deviceIndex(devices: readonly string[], device: string | undefined): number {
  if (device === undefined) return -1
  return /^\d+$/.test(device) ? Number(device) : devices.indexOf(device)
}

/**
 * The microphone by @picovoice/pvrecorder-node, an optional package with prebuilt binaries; null where it is not
 * installed, a reason where it gives no sound.
 */
export async function openRecorderPackage(
  host: Host,
  { sampleRateHz, device }: { readonly sampleRateHz: number; readonly device?: string },
): Promise<AudioSource | { readonly reason: string } | null> {
  const loaded = (await host.optionalPackage('@picovoice/pvrecorder-node')) as PvRecorderPackage | null
  if (!loaded) return null
  try {
    const index = deviceIndex(loaded.PvRecorder.getAvailableDevices(), device)
    const recorder = new loaded.PvRecorder(frameLength, index)
    if (recorder.sampleRate !== sampleRateHz) return { reason: `pvrecorder gives ${recorder.sampleRate} Hz only` }
    recorder.start()
    return {
      name: device ?? 'microphone (pvrecorder)',
      live: true,
      overruns: 0,
      run: async (onSamples, signal) => {
        while (!signal?.aborted) onSamples(await recorder.read())
        recorder.stop()
      },
      [Symbol.asyncDispose]: async () => recorder.release(),
    }
  } catch (error) {
    return { reason: `pvrecorder: ${messageOf(error)}` }
  }
}
