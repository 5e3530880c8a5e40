import type { Program, Step, Value } from '../program.ts'

/** Values whose channels belong together, and may be dropped together. */
export interface ChannelGroup {
  readonly values: readonly Value[]
  consumers(value: Value): readonly Step[]
}

/** Whether a step treats every channel by itself, so that input and output drop the same ones. */
function ties(step: Step): boolean {
  if (step.kind === 'depthwise') return step.geometry.inputChannels === step.geometry.outputChannels
  if (step.kind === 'reshape') return step.inputs[0]!.shape.at(-1) === step.output.shape.at(-1)
  return step.kind === 'average-pool' || step.kind === 'max-pool'
}

/**
 * Groups of values between convolutions, tied by depthwise steps, pools and reshapes. Groups that hold an input or
 * output of the program, or that another kind of step reads or writes, are left out: their channels all stay.
 */
export function channelGroups(program: Program): ChannelGroup[] {
  const parents = new Map<string, string>()
  const rootOf = (name: string): string => {
    const parent = parents.get(name)
    return parent === undefined ? name : rootOf(parent)
  }
  const values = new Map<string, Value>()
  const consumers = new Map<string, Step[]>()
  const states = program.states.map(({ value }) => value)
  const blocked: string[] = [...program.inputs, ...program.outputs, ...states].map((value) => value.name)
  for (const step of program.steps) {
    for (const value of step.inputs) {
      values.set(value.name, value)
      consumers.set(value.name, [...(consumers.get(value.name) ?? []), step])
    }
    values.set(step.output.name, step.output)
    if (ties(step)) {
      const [from, to] = [rootOf(step.inputs[0]!.name), rootOf(step.output.name)]
      if (from !== to) parents.set(to, from)
    } else if (step.kind !== 'conv') blocked.push(step.output.name, ...step.inputs.map((value) => value.name))
    // A fully connected layer may read several pixels as one row.
    else if (step.geometry.inputChannels !== step.inputs[0]!.shape.at(-1)) blocked.push(step.inputs[0]!.name)
  }
  const closed = new Set(blocked.map(rootOf))
  const groups = new Map<string, Value[]>()
  for (const value of values.values()) {
    const root = rootOf(value.name)
    if (!closed.has(root)) groups.set(root, [...(groups.get(root) ?? []), value])
  }
  return [...groups.values()].map((members) => ({
    values: members,
    consumers: (value) => consumers.get(value.name) ?? [],
  }))
}
