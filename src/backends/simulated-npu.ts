import type { Device } from '../core/device.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { npuCost } from '../cost/npu-cost.ts'
import { type NpuModel, npuModels } from '../cost/npu-model.ts'
import { npuProblem } from '../cost/npu-support.ts'
import type { Segment } from '../graph/segment.ts'
import type { AcceleratorTarget } from '../targets/target.ts'
import type { Backend, Executable, Support } from './backend.ts'
import { compiled } from './compiled.ts'

/** Accelerators that are only simulated: their devices, and the backend that stands for all of them. */
export interface SimulatedNpus {
  readonly backend: Backend
  readonly devices: readonly Device[]
  /** What a device declares, by its id. */
  readonly models: ReadonlyMap<string, NpuModel>
}

function deviceOf(model: NpuModel): Device {
  const { id, name, target, dtypes, macsPerCycle, clockHz, sramBytes, dmaBytesPerS } = model
  return {
    id: `npu:${id}`,
    kind: 'npu',
    name: `${name} (simulated)`,
    target,
    facts: { provenance: 'emulated', dtypes: [...dtypes], macsPerCycle, clockHz, sramBytes, dmaBytesPerS },
    sources: [`targets/accelerators/${target}.json`],
  }
}

/** The processor does the work of the simulated device. */
const worker: Device = { id: 'cpu', kind: 'cpu', name: 'this processor', facts: {}, sources: [] }

async function prepare(model: NpuModel, segment: Segment, host: Host): Promise<Executable> {
  const engine = await compiled.prepare(segment, worker, host)
  const { latencyS, energyJ } = npuCost(segment.graph, model)
  return {
    inputs: engine.inputs,
    outputs: engine.outputs,
    stateful: engine.stateful ?? false,
    declaredCost: { latencyS, energyJ, provenance: 'emulated' },
    get synchronous() {
      return engine.synchronous
    },
    run: (inputs) => engine.run(inputs),
    reset: () => engine.reset?.(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

/**
 * Accelerators whose targets declare a simulation. The backend computes with the compiled engine, so outputs are exact,
 * and its executables tell time and energy by the declared model (`declaredCost`, provenance `emulated`). It is not in
 * the list of backends, nor are its devices found: a plan considers them only where it is handed them (`--what-if`).
 */
export function simulatedNpus(accelerators: Iterable<AcceleratorTarget>): SimulatedNpus {
  const all = [...accelerators].flatMap(npuModels)
  const models = new Map(all.map((model) => [`npu:${model.id}`, model]))
  const backend: Backend = {
    name: 'simulated-npu',
    summary: 'an accelerator that is not here: exact outputs, declared times and energies',
    form: 'canonical',
    available: async (host) => {
      const engine = await compiled.available(host)
      return engine.ok ? { ok: true, engine: `simulation on ${engine.engine}` } : engine
    },
    supports: (node, device, segment): Support => {
      const model = models.get(device.id)
      if (!model) return { ok: false, reason: `simulated accelerators do not run on a ${device.kind}` }
      const problem = npuProblem(node, model, segment?.graph)
      return problem === null ? compiled.supports(node, worker, segment) : { ok: false, reason: problem }
    },
    semantics: compiled.semantics,
    exact: true,
    prepare: async (segment, device, host) => {
      const model = models.get(device.id)
      if (model) return prepare(model, segment, host)
      throw new MilliwattError('BACKEND_FAILED', 'simulated-npu', `Nothing is declared for ${device.id}.`)
    },
  }
  return { backend, devices: all.map(deviceOf), models }
}
