import { input, type Kernel, output, zeroPoint } from '../kernel.ts'

/** VAR_HANDLE only names a variable. */
export const varHandle: Kernel = () => {}

/** READ_VARIABLE: what was assigned last, in this run or an earlier one; zeros (the zero point) before that. */
export const readVariable: Kernel = (call) => {
  const out = output(call)
  const kept = call.variables.get(input(call, 0).tensor.name)
  if (kept) out.data.set(kept as never)
  else if (zeroPoint(out) !== 0) out.data.fill(zeroPoint(out) as never)
}

/** ASSIGN_VARIABLE. */
export const assignVariable: Kernel = (call) => {
  call.variables.set(input(call, 0).tensor.name, input(call, 1).data.slice())
}
