import { isMilliwattError, MilliwattError, messageOf } from '../core/errors.ts'
import type { Graph } from '../graph/graph.ts'
import { planArena, valueBytes } from './arena.ts'
import { chooseKernel } from './kernels/choose.ts'
import { EmitContext } from './kernels/context.ts'
import { lowerGraph } from './lower/lower.ts'
import { type Manifest, type ManifestLayer, type ManifestTensor, manifestSection } from './manifest.ts'
import { pruneProgram } from './passes/prune.ts'
import type { Program, Semantics, Simd, State, Value } from './program.ts'
import { FunctionBuilder } from './wasm/function.ts'
import { ModuleBuilder } from './wasm/module.ts'

/** How to compile. */
export interface CompileOptions {
  readonly semantics?: Semantics
  /** `relaxed` only where `probeRelaxedDot` says that the host computes it right. */
  readonly simd?: Simd
  /** Keeps every value in a place of its own, to look at them after a run. */
  readonly keepAll?: boolean
  /** Leaves out channels that are proved constant; on unless `keepAll`. Outputs are the same either way. */
  readonly prune?: boolean
  /** Exports every layer as a function of its own, "layer 0" and so on, to be timed. */
  readonly layers?: boolean
}

/** A model as one module, and what is in it. The manifest lies in the module as well. */
export interface CompiledModel {
  readonly wasm: Uint8Array<ArrayBuffer>
  readonly manifest: Manifest
}

/** The arena begins here, so that no value lies at address 0. */
const arenaAt = 16

/** Addresses are used as signed 32-bit numbers; an eighth of that is already far beyond a small net. */
const mostMemoryBytes = 2 ** 28

/** Vector loads may reach this far beyond a value or constant. */
const slackBytes = 128

const align = (address: number) => Math.ceil(address / 16) * 16

/** States one after another from an address on; where they end. */
function placeStates(states: readonly State[], from: number) {
  let end = from
  const placed = states.map((state) => {
    const address = align(end)
    end = address + valueBytes(state.value)
    return { ...state, address }
  })
  return { placed, end }
}

/**
 * Compiles a graph.
 * @throws MilliwattError OP_UNSUPPORTED that names the first node which cannot be compiled, MODEL_ILLEGAL for shapes
 * that do not fit
 */
export function compileGraph(graph: Graph, options: CompileOptions = {}): CompiledModel {
  try {
    return compileChecked(graph, options)
  } catch (error) {
    if (isMilliwattError(error)) throw error
    throw new MilliwattError('OP_UNSUPPORTED', graph.name || 'graph', `Compiler: ${messageOf(error)}.`, error)
  }
}

function compileChecked(graph: Graph, options: CompileOptions): CompiledModel {
  const program = lowerGraph(graph, options.semantics ?? 'tflm')
  const pruned = (options.prune ?? !options.keepAll) ? pruneProgram(program) : program
  return compileProgram(pruned, options)
}

/** Renders a program as WebAssembly. */
function compileProgram(program: Program, options: CompileOptions): CompiledModel {
  const simd = options.simd ?? 'simd128'
  const kernels = program.steps.map((step) => chooseKernel(step, simd))
  const arena = planArena(program, kernels, options.keepAll ?? false)
  const places = new Map([...arena.values].map(([name, offset]) => [name, offset + arenaAt]))
  const module = new ModuleBuilder()
  const statesAt = align(arenaAt + arena.plan.bytes + slackBytes)
  const states = placeStates(program.states, statesAt)
  for (const { value, address } of states.placed) places.set(value.name, address)
  const constantsAt = align(states.end)
  const context = new EmitContext(module, simd, places, constantsAt)
  for (const { initial, address } of states.placed) context.preset(address, initial)
  const run = new FunctionBuilder([], [])
  const layers = program.steps.map((step, index): ManifestLayer => {
    const before = context.memoryEnd
    const kernel = kernels[index]!
    const alias = arena.aliased.has(step)
    if (!alias) {
      const made = kernel.emit(context, arenaAt + arena.scratch[index]!)
      run.call(made)
      if (options.layers) module.export(`layer ${index}`, made)
    }
    return {
      name: step.name,
      op: step.op,
      kernel: alias ? 'alias' : kernel.name,
      macs: step.macs,
      constantBytes: context.memoryEnd - before,
      outputBytes: valueBytes(step.output),
      scratchBytes: kernel.scratchBytes,
    }
  })
  module.add(run, 'run')
  const start = context.start()
  const describe = ({ name, dtype, shape, scale, zeroPoint }: Value): ManifestTensor => {
    return { name, dtype, shape, offset: places.get(name)!, scale, zeroPoint }
  }
  const manifest: Manifest = {
    version: 1,
    name: program.name,
    semantics: program.semantics,
    simd,
    inputs: program.inputs.map(describe),
    outputs: program.outputs.map(describe),
    layers,
    arenaBytes: arena.plan.bytes,
    arenaLowerBoundBytes: arena.plan.lowerBound,
    constantBytes: context.memoryEnd - constantsAt,
    state: { offset: statesAt, bytes: states.end - statesAt },
    values: options.keepAll ? Object.fromEntries(places) : {},
  }
  if (context.memoryEnd + slackBytes > mostMemoryBytes)
    throw new MilliwattError(
      'OP_UNSUPPORTED',
      program.name,
      `it needs ${context.memoryEnd} bytes of memory; at most ${mostMemoryBytes} are compiled`,
    )
  const content = new TextEncoder().encode(JSON.stringify(manifest))
  const wasm = module.bytes(context.memoryEnd + slackBytes, context.data, { name: manifestSection, content }, start)
  return { wasm, manifest }
}
