// Builds the prebuilt firmware images in firmware-bridge/images; a test builds them again and compares. Build first
// (npm run images does).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listPorts, readPort } from '../dist/firmware/port.js'
import { buildPrebuilt } from '../dist/firmware/prebuilt.js'
import { loadPrebuiltModel } from '../dist/firmware/prebuilt-model.js'
import { nodeHost } from '../dist/hosts/node.js'

const host = nodeHost()
const model = await loadPrebuiltModel(host)
const work = mkdtempSync(join(tmpdir(), 'milliwatt-images-'))
try {
  for (const id of await listPorts(host)) {
    const port = await readPort(host, id)
    if (!port.image) continue
    const { manifest, file, sizes } = await buildPrebuilt(host, port, model, join(work, id))
    const folder = join(import.meta.dirname, '..', 'firmware-bridge', 'images', id)
    rmSync(folder, { recursive: true, force: true })
    await host.files.write(join(folder, manifest.files[0].file), file)
    await host.files.write(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
    console.log(`${id}: ${file.length} bytes; ${sizes.flashBytes} of flash, ${sizes.ramBytes} of RAM`)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
