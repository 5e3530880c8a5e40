import { prepareNative } from '../../dist/backends/native.js'
import { nodeHost } from '../../dist/hosts/node.js'

/**
 * A model as C, built here by the machine's own compiler: an engine as `interleave` times it. Builds are kept in the
 * user's cache. @throws MilliwattError BACKEND_UNAVAILABLE without koffi or a compiler
 */
export async function native(graph, input, format = 'tflite') {
  const segment = { graph, source: { format, bytes: new Uint8Array(0) } }
  const model = await prepareNative(segment, nodeHost())
  const [to, from] = [model.inputs[0].data, model.outputs[0].data]
  const output = from.slice()
  return {
    name: 'milliwatt native',
    output,
    run: () => {
      to.set(input)
      model.run()
      output.set(from)
    },
  }
}
