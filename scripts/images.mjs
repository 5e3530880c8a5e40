// Builds the prebuilt firmware images in firmware-bridge/images, and writes their sizes into the README there; a test builds them
// again and compares. Build first (npm run images does).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listPorts, readPort } from '../dist/firmware/port.js'
import { buildPrebuilt, sizesText } from '../dist/firmware/prebuilt.js'
import { loadPrebuiltModel } from '../dist/firmware/prebuilt-model.js'
import { nodeHost } from '../dist/hosts/node.js'

const host = nodeHost()
const bridge = join(import.meta.dirname, '..', 'firmware-bridge')
const readmePath = join(bridge, 'README.md')
let readme = readFileSync(readmePath, 'utf8')
const model = await loadPrebuiltModel(host)
const work = mkdtempSync(join(tmpdir(), 'milliwatt-images-'))
try {
  for (const id of await listPorts(host)) {
    const port = await readPort(host, id)
    if (!port.image) continue
    const { manifest, file, sizes } = await buildPrebuilt(host, port, model, join(work, id))
    const folder = join(bridge, 'images', id)
    rmSync(folder, { recursive: true, force: true })
    await host.files.write(join(folder, manifest.files[0].file), file)
    await host.files.write(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    const row = new RegExp(`(\\| ${id} (?:\\|[^|]*){4}\\| )[\\d ]+, [\\d ]+ \\|`)
    readme = readme.replace(row, (_, head) => `${head}${sizesText(sizes)} |`)
    console.log(`${id}: ${file.length} bytes; ${sizes.flashBytes} of flash, ${sizes.ramBytes} of RAM`)
  }
  writeFileSync(readmePath, readme)
} finally {
  rmSync(work, { recursive: true, force: true })
}
