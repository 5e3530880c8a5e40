import { MilliwattError } from '../core/errors.ts'
import type { Segment } from '../graph/segment.ts'
import type { Backend } from './backend.ts'
import { checkPlacement, type PlacementOptions } from './placement.ts'
import { findTfliteC, type TfliteC } from './tflite-c-library.ts'
import { type Delegate, openTfliteC, xnnpackDelegate } from './tflite-c-model.ts'
import { type ExternalDelegate, openDelegate } from './tflite-delegate.ts'
import { delegateDevices, delegateOf } from './tflite-delegate-devices.ts'
import { type EngineModel, tfliteBackend } from './tflite-engine.ts'

/** With XNNPACK behind the other delegates; a model that it refuses as a whole runs on the library's own kernels. */
async function openFastest(
  library: TfliteC,
  { source: { bytes } }: Segment,
  others: () => Promise<readonly Delegate[]>,
): Promise<EngineModel> {
  const first = await others()
  const xnnpack = xnnpackDelegate(library)
  if (!xnnpack) return openTfliteC(library, bytes, first)
  try {
    return openTfliteC(library, bytes, [...first, xnnpack])
  } catch {
    return openTfliteC(library, bytes, await others())
  }
}

/**
 * With an external delegate: what it does not take runs on the processor, and which nodes those are is told.
 * @throws MilliwattError FALLBACK_REFUSED, BACKEND_LACKS for nodes that are to stay on the processor
 */
async function openOn(
  library: TfliteC,
  segment: Segment,
  delegate: () => Promise<ExternalDelegate>,
  options: PlacementOptions = {},
): Promise<EngineModel> {
  if (options.keepOnCpu?.length)
    throw new MilliwattError(
      'BACKEND_LACKS',
      'tflite-c, keepOnCpu',
      'A delegate chooses its nodes itself: split the model.',
    )
  let last: ExternalDelegate | null = null
  const model = await openFastest(library, segment, async () => {
    last = await delegate()
    return [last]
  })
  try {
    const placement = (last as ExternalDelegate | null)?.placement(segment)
    if (!placement)
      throw new MilliwattError('FALLBACK_REFUSED', 'tflite-c', 'The delegate does not tell which nodes it takes.')
    return { ...model, placement: checkPlacement('tflite-c', placement, options) }
  } catch (error) {
    model.free()
    throw error
  }
}

/**
 * TensorFlow Lite's C library with XNNPACK, one thread, through koffi: the one of an optional peer, or the one of a
 * board's vendor that MILLIWATT_TFLITE_C names. Accelerators come as external delegates.
 */
export const tfliteC: Backend = tfliteBackend({
  name: 'tflite-c',
  summary: "TensorFlow Lite's C library with XNNPACK and external delegates (optional peers)",
  form: 'tflite',
  customOperators: new Set(),
  available: async (host) => {
    const found = await findTfliteC(host)
    if ('reason' in found) return { ok: false, ...found }
    return { ok: true, engine: `TensorFlow Lite ${found.version()}${found.xnnpack ? ' with XNNPACK' : ''}` }
  },
  devices: delegateDevices,
  reaches: (device) => delegateOf(device) !== null,
  open: async (host, segment, device, options) => {
    const library = await findTfliteC(host)
    if ('reason' in library) return null
    const choice = delegateOf(device)
    if (choice) return openOn(library, segment, () => openDelegate(host, choice), options)
    return openFastest(library, segment, async () => [])
  },
})
