import type { Host } from '../../core/host.ts'

/** Folders of the volumes that are mounted where systems mount what is plugged in, and of all FAT volumes on Linux. */
export async function listVolumes(host: Host): Promise<readonly string[]> {
  const parents = parentsOf(host)
  const below = await Promise.all(parents.map((parent) => namesIn(host, parent)))
  return [...new Set([...below.flat(), ...(await mountedFat(host)), ...(await drives(host))])].sort()
}

function parentsOf(host: Host): readonly string[] {
  const user = host.environment.USER ?? host.environment.LOGNAME ?? 'root'
  if (host.platform === 'linux') return ['/media', `/media/${user}`, '/run/media', `/run/media/${user}`]
  return host.platform === 'darwin' ? ['/Volumes'] : []
}

async function namesIn(host: Host, folder: string): Promise<readonly string[]> {
  const names = await host.files.list(folder).catch(() => [])
  return names.map((name) => host.files.join(folder, name))
}

async function mountedFat(host: Host): Promise<readonly string[]> {
  const fat = (await mounts(host)).filter(({ type }) => type === 'vfat' || type === 'msdos')
  return fat.map(({ folder }) => folder)
}

/** From `/proc/mounts`: device, folder (with octal escapes), type. */
async function mounts(host: Host): Promise<readonly { readonly folder: string; readonly type: string }[]> {
  const text = (await host.system.readText('/proc/mounts')) ?? ''
  return text.split('\n').flatMap((line) => {
    const [, folder, type] = line.split(' ')
    if (folder === undefined || type === undefined) return []
    const plain = folder.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    return [{ folder: plain, type }]
  })
}

async function drives(host: Host): Promise<readonly string[]> {
  if (host.platform !== 'win32') return []
  const letters = [...'DEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `${letter}:\\`)
  const there = await Promise.all(letters.map((root) => host.files.stat(root)))
  return letters.filter((_, index) => there[index])
}

/** Whether something is mounted at a folder: without that it is a plain folder of a disk. */
export async function isVolume(host: Host, folder: string): Promise<boolean> {
  if (host.platform === 'darwin') return folder.startsWith('/Volumes/')
  if (host.platform === 'win32') return /^[A-Z]:\\?$/i.test(folder)
  return (await mounts(host)).some((mount) => mount.folder === folder)
}

/** Fields of a text file with lines such as `Board-ID: RPI-RP2`; null where it cannot be read. */
export async function readFields(
  host: Host,
  folder: string,
  name: string,
): Promise<ReadonlyMap<string, string> | null> {
  const text = await host.files.readText(host.files.join(folder, name)).catch(() => null)
  if (text === null) return null
  const pairs = text.split(/\r?\n/).flatMap((line) => {
    const [, key, value] = /^([\w -]+?)\s*:\s*(.*)$/.exec(line) ?? []
    return key === undefined || value === undefined ? [] : [[key.toLowerCase(), value.trim()] as const]
  })
  return new Map(pairs)
}
