import type { Host } from '../core/host.ts'

/** Vulkan drivers that this machine shows, by the files through which the loader finds them. */
export interface VulkanDrivers {
  readonly files: readonly string[]
  /** The user named them, in VK_DRIVER_FILES or VK_ICD_FILENAMES. */
  readonly named: boolean
  /** All of them compute on the processor. */
  readonly software: boolean
}

/** Folders of driver files that the loader looks into on Linux (Vulkan-Loader, LoaderInterfaceArchitecture.md). */
const folders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']

const isSoftware = (file: string) => /(lvp|llvmpipe|swiftshader)[^/]*$/.test(file)

/** Looks for Vulkan drivers without loading one. Only Linux has such files. */
export async function findVulkan({ environment, system }: Host): Promise<VulkanDrivers> {
  const text = environment.VK_DRIVER_FILES ?? environment.VK_ICD_FILENAMES
  const named = (text ?? '').split(':').filter((file) => file !== '')
  const listed = await Promise.all(
    folders.map(async (folder) => (await system.list(folder)).map((name) => `${folder}/${name}`)),
  )
  const files = named.length > 0 ? named : listed.flat().filter((file) => file.endsWith('.json'))
  return { files, named: named.length > 0, software: files.length > 0 && files.every(isSoftware) }
}
