import type { Device, DeviceKind } from '../core/device.ts'

/** An execution provider of onnxruntime that is no processor, as data. */
export interface OrtProvider {
  /** As the JavaScript API calls it. */
  readonly name: string
  readonly kind: DeviceKind
  /** For people. */
  readonly title: string
  /** Options that it is opened with. */
  readonly options: Readonly<Record<string, string | number | boolean>>
  /** Option that takes the names of nodes which stay on the processor, where it has one. */
  readonly keepOnCpu?: string
  /** It reaches the GPU through Vulkan on Linux. */
  readonly vulkan?: true
  /** File beside onnxruntime's own binary that it comes in, by platform; without it there is nothing to try. */
  readonly library?: Readonly<Record<string, string>>
  /** How it was proven. */
  readonly proof: 'runs on software Vulkan in the tests' | 'written against its documented interface; not run'
  /** What to do where it does not work. */
  readonly next: string
  /** Where its interface is documented. */
  readonly source: string
}

const notRun = 'written against its documented interface; not run'
const documentation = 'https://onnxruntime.ai/docs/api/js/interfaces/InferenceSession'

/** Every provider that milliwatt knows; those that the installed binary has are tried. */
export const ortProviders: readonly OrtProvider[] = [
  {
    name: 'webgpu',
    kind: 'gpu',
    title: 'WebGPU',
    options: {},
    keepOnCpu: 'forceCpuNodeNames',
    vulkan: true,
    proof: 'runs on software Vulkan in the tests',
    next: "Install the Vulkan loader (Debian: libvulkan1) and the driver of the GPU (mesa-vulkan-drivers or its vendor's).",
    source: `${documentation}.WebGpuExecutionProviderOption.html`,
  },
  {
    name: 'cuda',
    kind: 'gpu',
    title: 'CUDA',
    options: { deviceId: 0 },
    library: { linux: 'libonnxruntime_providers_cuda.so', win32: 'onnxruntime_providers_cuda.dll' },
    proof: notRun,
    next: 'Install onnxruntime-node without --onnxruntime-node-install=skip, and CUDA 12 or 13 with cuDNN 9.',
    source: `${documentation}.CudaExecutionProviderOption.html`,
  },
  {
    name: 'tensorrt',
    kind: 'gpu',
    title: 'TensorRT',
    options: { deviceId: 0 },
    library: { linux: 'libonnxruntime_providers_tensorrt.so', win32: 'onnxruntime_providers_tensorrt.dll' },
    proof: notRun,
    next: 'Install onnxruntime-node without --onnxruntime-node-install=skip, CUDA and TensorRT 10.',
    source: `${documentation}.TensorRtExecutionProviderOption.html`,
  },
  {
    name: 'dml',
    kind: 'gpu',
    title: 'DirectML',
    options: { deviceId: 0 },
    proof: notRun,
    next: 'Install a GPU driver with DirectX 12.',
    source: `${documentation}.DmlExecutionProviderOption.html`,
  },
  {
    name: 'coreml',
    kind: 'npu',
    title: 'Core ML',
    options: {},
    proof: notRun,
    next: 'Use a Mac with Apple silicon.',
    source: `${documentation}.CoreMLExecutionProviderOption.html`,
  },
  {
    name: 'qnn',
    kind: 'npu',
    title: 'QNN',
    options: { backendType: 'htp' },
    proof: notRun,
    next: "Use Windows on a Snapdragon with the NPU's driver.",
    source: `${documentation}.QnnExecutionProviderOption.html`,
  },
]

/** The provider by which a flavour of onnxruntime reaches a device; null for a device that is not its own. */
export function providerOf(flavour: string, { facts: { engine, provider } }: Device): OrtProvider | null {
  return (engine === flavour && ortProviders.find(({ name }) => name === provider)) || null
}
