/**
 * Steps of int8 that an engine may be off: 9 were seen of engines whose own kernel rounds a mean on a tie away from zero
 * instead of to even, before a softmax.
 */
const mostSteps = 12

/** What sums of floats may be off, of the largest value above 1. */
const mostReal = 1e-3

const indexOfLargest = (values) => values.indexOf(Math.max(...values))

/**
 * Runs an engine on the model's checked inputs and compares with the reference interpreter in the engine's own
 * semantics: how many values differ, by at most what, and whether it may be timed.
 */
export async function check(engine, form, semantics) {
  const expected = form.expected[semantics]()
  let [differ, values, worst, argmax] = [0, 0, 0, true]
  for (const [at, input] of form.inputs.entries()) {
    engine.input = input
    await engine.run()
    const got = Array.from(engine.output)
    const apart = expected[at].map((value, index) => Math.abs(value - got[index]))
    values += apart.length
    differ += apart.filter((value) => value > 0).length
    worst = apart.reduce((most, value) => (value <= most ? most : value), worst)
    argmax &&= expected[at][indexOfLargest(got)] >= Math.max(...expected[at]) - worst
  }
  engine.input = form.inputs[0]
  const largest = Math.max(1, ...expected.flat().map(Math.abs))
  const right = argmax && worst <= (form.output.dtype === 'float32' ? mostReal * largest : mostSteps)
  return { differ, values, worst, right }
}
