import type { Backend } from '../backends/backend.ts'
import type { Segment } from '../graph/segment.ts'
import { type PartitionOptions, type PartitionPart, preparePartition } from './partitioned.ts'

/**
 * A way to cut and place a model, as a backend: so it passes the golden check, is measured, chosen, loaded and begun
 * afresh like an engine of its own. Each part's own backend decides whether it takes its nodes.
 * @param partsOf the parts of a model, in the order of running
 */
export function partitionBackend(
  name: string,
  partsOf: (model: Segment) => readonly PartitionPart[],
  options: PartitionOptions = {},
): Backend {
  return {
    name,
    summary: 'a model in segments over several places',
    form: 'any',
    available: async () => ({ ok: true, engine: 'milliwatt partition' }),
    supports: () => ({ ok: true }),
    semantics: (model) => {
      const all = partsOf(model).map(({ segment, place }) => place.backend.semantics(segment))
      return all.every((each) => each === 'tflm') ? 'tflm' : all.includes(null) ? null : 'fp32'
    },
    prepare: (model, _device, host) => preparePartition(host, model, partsOf(model), options),
  }
}
