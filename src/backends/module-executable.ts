import { instantiate, type ModelTensor, type RunningModel, type TensorView } from '../compile/instantiate.ts'
import type { WasmModule } from '../compile/webassembly.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Executable, LayerProfile, ProfileOptions, TensorData, TensorSpec, TensorValue } from './backend.ts'
import { type LayeredModel, profileLayers } from './profile-layers.ts'

type Tensors = Readonly<Record<string, TensorValue>>

/** What an executable of a compiled module is called and how its layers can be timed. */
export interface ModuleBorder {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
  readonly stateful: boolean
  /** The same model with every layer exported; made only when it is asked for. Null when there is none. */
  layered(): WasmModule | null
}

/** An input or output of a model, its elements where the engine reads or writes them. */
type Bound = Pick<ModelTensor, 'name' | 'dtype' | 'shape'> & { readonly data: TensorData }

/** A model that runs in the caller's thread on tensors of its own memory. */
export interface BoundModel {
  readonly inputs: readonly Bound[]
  readonly outputs: readonly Bound[]
  run(): void
}

function write(tensor: Bound, value: TensorValue | undefined): void {
  if (value?.dtype !== tensor.dtype || value.data.length !== tensor.data.length) {
    const got = value ? `${value.dtype} of ${value.data.length}` : 'nothing'
    const wanted = `${tensor.dtype} of ${tensor.data.length} elements`
    throw new MilliwattError('INPUT_SHAPE', tensor.name, `It wants ${wanted}, got ${got}.`)
  }
  ;(tensor.data as TensorView).set(value.data as TensorView)
}

/** Runs a model whose tensors are views of its own memory. @throws MilliwattError INPUT_SHAPE */
export function runOn(model: BoundModel, inputs: Tensors): Tensors {
  for (const tensor of model.inputs) write(tensor, inputs[tensor.name])
  model.run()
  const outputs: Record<string, TensorValue> = {}
  for (const { name, dtype, shape, data } of model.outputs) outputs[name] = { dtype, shape, data: data.slice() }
  return outputs
}

function layeredModel(border: ModuleBorder): RunningModel {
  const module = border.layered()
  if (!module)
    throw new MilliwattError('BACKEND_LACKS', 'profile', 'A module file has no layers to time; profile the model file.')
  return instantiate(module)
}

/** Times the layers of a model that exports them, on inputs by name. @throws MilliwattError INPUT_SHAPE */
export function profileOn(
  model: LayeredModel & Pick<RunningModel, 'inputs'>,
  engine: string,
  inputs: Tensors,
  options: ProfileOptions,
): LayerProfile {
  return profileLayers(
    model,
    engine,
    () => {
      for (const tensor of model.inputs) write(tensor, inputs[tensor.name])
    },
    options,
  )
}

/**
 * A compiled module as an executable. Disposing gives its memory back, even where the executable itself is kept.
 * @throws MilliwattError MODEL_ILLEGAL for a module that does not fit its manifest
 */
export function moduleExecutable(module: WasmModule, border: ModuleBorder): Executable {
  let running: RunningModel | null = instantiate(module)
  let layered: RunningModel | null = null
  const alive = (): RunningModel => {
    if (running) return running
    throw new MilliwattError('MODEL_DISPOSED', 'compiled')
  }
  const dataOf = (tensors: readonly ModelTensor[]) => tensors.map(({ data }) => data)
  const views = (model: RunningModel) => ({
    inputs: dataOf(model.inputs),
    outputs: dataOf(model.outputs),
    run: model.run,
  })
  return {
    inputs: border.inputs,
    outputs: border.outputs,
    stateful: border.stateful,
    arenaBytes: running.manifest.arenaBytes,
    shared: module,
    get synchronous() {
      return views(alive())
    },
    run: async (inputs) => runOn(alive(), inputs),
    reset: () => alive().reset(),
    profile: (inputs, options) => {
      layered ??= layeredModel(border)
      return profileOn(layered, `compiled (${layered.manifest.simd})`, inputs, options)
    },
    [Symbol.asyncDispose]: async () => {
      running = null
      layered = null
    },
  }
}
