import type { Device, DeviceKind } from '../core/device.ts'

/** What onnxruntime-web reaches in a page besides the processor, as data. */
export interface PageProvider {
  readonly name: string
  readonly kind: DeviceKind
  /** For people. */
  readonly title: string
  /** As onnxruntime-web wants it. */
  readonly option: Readonly<Record<string, string>>
  /** How it was proven. */
  readonly proof: string
}

const sameProcessor = 'On Linux Chromium computes WebNN on the processor, whatever type of device is asked for'

/** Every provider that a page is asked for. */
export const pageProviders: readonly PageProvider[] = [
  {
    name: 'webgpu',
    kind: 'gpu',
    title: 'WebGPU in Chromium',
    option: { name: 'webgpu' },
    proof: 'runs on software WebGPU (SwiftShader) in the tests',
  },
  {
    name: 'webnn-gpu',
    kind: 'gpu',
    title: 'WebNN in Chromium, GPU',
    option: { name: 'webnn', deviceType: 'gpu' },
    proof: `run by hand in a Chromium with WebNN, without a GPU. ${sameProcessor}`,
  },
  {
    name: 'webnn-npu',
    kind: 'npu',
    title: 'WebNN in Chromium, NPU',
    option: { name: 'webnn', deviceType: 'npu' },
    proof: `run by hand in a Chromium with WebNN, without an NPU. ${sameProcessor}`,
  },
]

/** The provider on the processor. */
export const onProcessor: PageProvider['option'] = { name: 'wasm' }

/** The name by which this backend marks its devices. */
export const pageEngine = 'page'

/** The provider by which a page reaches a device; null for a device that is not its own. */
export function pageProviderOf({ facts: { engine, provider } }: Device): PageProvider | null {
  return (engine === pageEngine && pageProviders.find(({ name }) => name === provider)) || null
}
