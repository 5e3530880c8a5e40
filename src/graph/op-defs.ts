import type { Node } from './graph.ts'
import { opDefs } from './ops/list.ts'
import type { OpDef } from './ops/op-def.ts'
import { customOpDefs, tfliteOpDefs } from './tflite-ops/list.ts'

/** What milliwatt knows of a node's operator: of canonical graphs (domain `tflite`), custom ones by name, or of ONNX's standard set. */
export function opDefOf(node: Node): OpDef | undefined {
  if (node.domain === 'tflite') return (node.attributes.custom === 1 ? customOpDefs : tfliteOpDefs).get(node.op)
  return node.domain === '' ? opDefs.get(node.op) : undefined
}
