import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileGraph } from '../../src/compile/compile.ts'
import { instantiate } from '../../src/compile/instantiate.ts'
import { BridgeClient } from '../../src/firmware/bridge/client.ts'
import { modelHash } from '../../src/firmware/bridge-image.ts'
import { compilerVersion } from '../../src/firmware/build.ts'
import { openFiveBoard } from '../../src/firmware/five-board.ts'
import { readIntelHex } from '../../src/firmware/flash/intel-hex.ts'
import { readUf2 } from '../../src/firmware/flash/uf2.ts'
import { imagesFolder, readImageManifest } from '../../src/firmware/image-manifest.ts'
import { listPorts, readPort } from '../../src/firmware/port.ts'
import { buildPrebuilt, sizesText } from '../../src/firmware/prebuilt.ts'
import { loadPrebuiltModel } from '../../src/firmware/prebuilt-model.ts'
import { loadTargets } from '../../src/targets/load.ts'
import { randomElements } from '../compile/op-cases.ts'
import { numbers } from '../compile/random-layer.ts'
import { optionalPackages } from '../support/meter-host.ts'
import { needs, toolPath } from '../support/needs.ts'
import { openEmulatedPico } from '../support/rp2040.ts'
import { temporaryFolder, testHost } from '../support/temporary.ts'

const folder = temporaryFolder()
const compiler = toolPath('a compiler for Cortex-M')
const host = { ...testHost(folder), environment: compiler === null ? {} : { MILLIWATT_ARM_CC: compiler } }
const ids = (await listPorts(host)).filter((id) => existsSync(join(imagesFolder(host), id, 'manifest.json')))
const ports = await Promise.all(ids.map((id) => readPort(host, id)))

const toolchain = (await readImageManifest(host, ids[0]!))!.toolchain
const here = await compilerVersion(host)

const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** The image of a board that is in the repository. */
async function shipped(id: string): Promise<Uint8Array> {
  const manifest = (await readImageManifest(host, id))!
  return readFileSync(join(imagesFolder(host), id, manifest.files[0].file))
}

describe('prebuilt images', () => {
  it('are there for every port that names a file, small, and as their manifests say', async () => {
    const wanted = (await Promise.all((await listPorts(host)).map((id) => readPort(host, id)))).filter(
      ({ image }) => image,
    )
    expect(ids).toEqual(wanted.map(({ id }) => id))
    const { sha256 } = await loadPrebuiltModel(host)
    for (const { id, image } of ports) {
      const [manifest, file] = [(await readImageManifest(host, id))!, await shipped(id)]
      expect(manifest.model.sha256).toBe(sha256)
      expect(manifest.files.map(({ format }) => format)).toEqual([image!.format])
      expect([manifest.files[0].bytes, manifest.files[0].sha256]).toEqual([file.length, await host.sha256(file)])
      expect(file.length).toBeLessThan(200_000)
      expect(Buffer.from(file).includes(import.meta.dirname)).toBe(false)
    }
  })

  it('are what their flashers take, and begin where these put them', async () => {
    const { boards } = await loadTargets(host)
    for (const { id, image } of ports) {
      const [file, manifest] = [await shipped(id), (await readImageManifest(host, id))!]
      const address = Number.parseInt(manifest.address, 16)
      if (image!.format === 'uf2') expect(readUf2(file).parts[0]!.address).toBe(address)
      if (image!.format === 'hex') expect(readIntelHex(new TextDecoder().decode(file))[0]!.address).toBe(address)
      const [way] = boards.get(id)!.flashers
      if (!way) continue
      expect(way).toMatchObject({ way: `${image!.format} volume`, address: manifest.address })
      if (image!.format === 'uf2') expect(way).toMatchObject({ familyIds: [image!.familyId] })
    }
  })

  const same = here === toolchain || process.env.CI === 'true' ? describe : describe.skip
  needs('a compiler for Cortex-M')('built again', () => {
    same(
      here === toolchain ? 'by the same compiler' : `by the same compiler (this is ${here}, not ${toolchain})`,
      () => {
        it.each(ids)('%s: byte for byte, with the sizes that the README tells', { timeout: 120_000 }, async (id) => {
          const at = join(folder, `a-folder-of-another-name-${id}`)
          const built = await buildPrebuilt(host, await readPort(host, id), await loadPrebuiltModel(host), at)
          expect(built.manifest).toEqual(await readImageManifest(host, id))
          expect(Buffer.compare(built.file, await shipped(id))).toBe(0)
          const readme = readFileSync(join(host.packageFolder, 'firmware-bridge', 'README.md'), 'utf8')
          expect(readme.split('\n').find((line) => line.startsWith(`| ${id} |`))).toContain(
            `| ${sizesText(built.sizes)} |`,
          )
        })
      },
    )
  })

  it("the Pico's runs its model in the emulator as the host does, without a compiler", {
    timeout: 120_000,
  }, async () => {
    const { graph, semantics } = await loadPrebuiltModel(host)
    const engine = instantiate(compileGraph(graph, { semantics, simd: 'scalar' }).wasm)
    const { dtype, data } = engine.inputs[0]!
    data.set(randomElements(dtype, data.length, numbers(5)) as never)
    const input = bytesOf(data).slice()
    engine.run()
    const output = bytesOf(engine.outputs[0]!.data)
    const pico = openEmulatedPico(await shipped('raspberry-pi-pico'))
    try {
      await pico.found
      const client = await BridgeClient.open(pico.usb, { clock: host.clock })
      const board = await client.describe()
      expect(board).toMatchObject({ board: 'raspberry-pi-pico', clockHz: 125e6, ticksHz: 1e6, spotsWords: true })
      expect(board.models[0]!.hash).toBe(await modelHash(host, graph, semantics))
      const edges: boolean[] = []
      pico.mcu.gpio[22]!.addListener(() => edges.push(pico.mcu.gpio[22]!.outputValue))
      await client.write(input)
      const { elapsedS } = await client.run(1, 0, 'window')
      expect(await client.read(output.length)).toEqual(output)
      expect(edges).toEqual([true, false])
      expect([elapsedS > 0.05, elapsedS < 2]).toEqual([true, true])
      await client[Symbol.asyncDispose]()
    } finally {
      pico.close()
    }
  })

  const missing = optionalPackages['johnny-five'] && optionalPackages['firmata-io'] ? null : '(needs johnny-five)'
  it.skipIf(missing)(`the Pico's lets johnny-five switch its LED ${missing ?? ''}`, { timeout: 60_000 }, async () => {
    const pico = openEmulatedPico(await shipped('raspberry-pi-pico'))
    try {
      await pico.found
      const optionalPackage = async (name: string) => optionalPackages[name] ?? null
      const { five, board } = await openFiveBoard({ ...host, optionalPackage }, pico.usb)
      const led = new five.Led({ pin: 25, board })
      const levels: boolean[] = []
      for (const change of [() => led.on(), () => led.off()]) {
        const changed = new Promise((done) => pico.mcu.gpio[25]!.addListener(done))
        change()
        await changed
        levels.push(pico.mcu.gpio[25]!.outputValue)
      }
      expect(levels).toEqual([true, false])
    } finally {
      pico.close()
    }
  })
})
