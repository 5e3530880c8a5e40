import type { Executable, LayerProfile } from '../backends/backend.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { sampleInput } from './input.ts'
import { type EngineOptions, openEngine } from './raw-engine.ts'

/** Which model to profile, and over how many rounds. */
export interface ModelProfileOptions extends EngineOptions {
  readonly repeats: number
}

/** A model's time by layer on this machine, as one document. */
export interface ModelProfile extends LayerProfile {
  readonly version: 1
  readonly kind: 'milliwatt-profile'
  readonly model: string
  readonly backend: string
}

/**
 * Times every layer of a model on pseudo-random inputs.
 * @throws MilliwattError BACKEND_LACKS where the engine does not show its layers, and what `openEngine` throws
 */
export async function profileModel(host: Host, model: string, options: ModelProfileOptions): Promise<ModelProfile> {
  const unsuited = ({ profile, remote }: Executable) => (profile || remote ? null : 'it does not show its layers')
  const { backend, executable } = await openEngine(host, model, { ...options, unsuited })
  try {
    if (executable.remote) {
      await executable.remote.load(sampleInput(executable.inputs))
      const profile = await executable.remote.profile(options.repeats)
      return { version: 1, kind: 'milliwatt-profile', model, backend, ...profile }
    }
    if (!executable.profile)
      throw new MilliwattError('BACKEND_LACKS', `${backend}, profile`, 'It does not show its layers; compiled does.')
    const profile = executable.profile(sampleInput(executable.inputs), {
      repeats: options.repeats,
      preciseS: () => host.clock.preciseS(),
    })
    return { version: 1, kind: 'milliwatt-profile', model, backend, ...profile }
  } finally {
    await executable[Symbol.asyncDispose]()
  }
}
