import { z } from 'zod'
import { flashWaySchema } from './flash-way-schema.ts'
import type { AcceleratorTarget, BoardTarget, ChipTarget, MeterTarget, Target } from './target.ts'

const text = z.string().min(1)
const hexId = z.string().regex(/^[0-9a-f]{4}$/, 'must be four lower-case hex digits')
const idText = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case words joined by "-"')
const sourceText = z.string().min(8).describe('Where it comes from; "from memory, not verified" is an honest answer.')

const sourced = (unit: string) =>
  z.strictObject({ value: z.number().positive(), source: sourceText }).describe(`In ${unit}, with its source.`)

const count = z.strictObject({ value: z.int().positive(), source: sourceText })

const head = {
  $schema: text.exactOptional(),
  version: z.literal(1),
  id: idText,
  name: text,
  vendor: text,
}

const match = z.strictObject({ deviceTreeCompatible: z.array(text).min(1), source: sourceText })

const usbId = z.strictObject({
  vendorId: hexId,
  productId: hexId,
  what: z.enum(['bootloader', 'application', 'debug probe', 'serial bridge', 'instrument']),
  exclusive: z.boolean(),
  source: sourceText,
})

const chip = z.strictObject({
  kind: z.literal('chip'),
  ...head,
  cores: z.array(z.strictObject({ name: text, count, clockHz: sourced('hertz') })).min(1),
  flashBytes: sourced('bytes').exactOptional(),
  ramBytes: sourced('bytes').exactOptional(),
  accelerators: z.array(idText),
  rails: z
    .array(z.strictObject({ name: text, minimumV: sourced('volts'), maximumV: sourced('volts') }))
    .exactOptional(),
  rates: z.strictObject({ int8MacsPerS: sourced('multiply-accumulates a second') }).exactOptional(),
  match: match.exactOptional(),
})

const meterPoint = z.strictObject({
  name: text,
  where: text,
  supplyV: sourced('volts').exactOptional(),
  source: sourceText,
})

const board = z.strictObject({
  kind: z.literal('board'),
  ...head,
  chip: idText,
  aliases: z.array(idText).exactOptional(),
  emulator: text.exactOptional(),
  role: z.enum(['mcu', 'host']),
  status: z.enum(['described', 'runs in emulation', 'builds; not run on hardware', 'runs on hardware']),
  usb: z.array(usbId),
  flashers: z.array(flashWaySchema),
  microphone: z.strictObject({
    type: z.enum(['none', 'pdm', 'i2s', 'analog']),
    part: text.exactOptional(),
    source: sourceText,
  }),
  serialLink: z
    .strictObject({ type: z.enum(['native usb', 'probe', 'bridge']), port: text.exactOptional(), source: sourceText })
    .exactOptional(),
  meterPoints: z.array(meterPoint),
  flashBytes: sourced('bytes').exactOptional(),
  ramBytes: sourced('bytes').exactOptional(),
  power: z
    .strictObject({ idleW: sourced('watts').exactOptional(), activeW: sourced('watts').exactOptional() })
    .exactOptional(),
  match: match.exactOptional(),
})

const detection = z.strictObject({
  deviceNodes: z.array(z.string().startsWith('/dev/')),
  drmDrivers: z.array(text),
  kernelModules: z.array(text),
  pciIds: z.array(z.strictObject({ vendorId: hexId, deviceId: hexId, what: text, source: sourceText })),
  usbIds: z.array(usbId),
  deviceTreeCompatible: z.array(text),
  machines: z.array(z.strictObject({ platform: text, architecture: text })),
  source: sourceText,
})

const atLeastNothing = (unit: string) =>
  z.strictObject({ value: z.number().nonnegative(), source: sourceText }).describe(`In ${unit}, with its source.`)

const share = z.strictObject({ value: z.number().positive().max(1), source: sourceText })

const simulatedOps = z.strictObject({
  names: z.array(text).min(1),
  utilisationShare: share.exactOptional(),
  elementMacs: atLeastNothing('multiply-accumulates at the full rate').exactOptional(),
  fixedCycles: atLeastNothing('cycles').exactOptional(),
  limits: z
    .strictObject({
      kernelHeightElements: count.exactOptional(),
      kernelWidthElements: count.exactOptional(),
      kernelElements: count.exactOptional(),
      strideElements: count.exactOptional(),
      channelCount: count.exactOptional(),
    })
    .exactOptional(),
})

const simulation = z.strictObject({
  dtypes: z.strictObject({ value: z.array(text).min(1), source: sourceText }),
  variants: z
    .array(
      z.strictObject({ id: idText, macsPerCycle: sourced('multiply-accumulates a cycle'), clockHz: sourced('hertz') }),
    )
    .min(1),
  sramBytes: sourced('bytes'),
  spill: z.enum(['charged', 'refused']),
  dmaBytesPerS: sourced('bytes a second'),
  parameterCacheBytes: sourced('bytes').exactOptional(),
  hostBytesPerS: sourced('bytes a second').exactOptional(),
  dispatchS: sourced('seconds').exactOptional(),
  rails: z.array(
    z.strictObject({ name: text, activeW: sourced('watts'), idleW: atLeastNothing('watts').exactOptional() }),
  ),
  ops: z.array(simulatedOps).min(1),
})

const accelerator = z.strictObject({
  kind: z.literal('accelerator'),
  ...head,
  detect: detection,
  dtypes: z.strictObject({ value: z.array(text).min(1), source: sourceText }),
  backends: z.array(text),
  delegate: z
    .strictObject({
      libraries: z.array(text).min(1),
      options: z.array(text),
      takes: z.enum(['any model', 'models compiled for it']),
      status: z.enum(['runs', 'written against its documented interface; not run']),
      source: sourceText,
    })
    .exactOptional(),
  exists: text,
  needs: text,
  next: text,
  simulation: simulation.exactOptional(),
})

const scpi = z.strictObject({
  identity: text.describe('Regular expression that the answer to *IDN? matches, without regard to case.'),
  setup: z.array(text),
  power: text.exactOptional(),
  current: text.exactOptional(),
  voltage: text.exactOptional(),
  channelCount: count,
  rateHz: sourced('hertz'),
})

const meter = z.strictObject({
  kind: z.literal('meter'),
  ...head,
  link: z.enum(['serial', 'usb', 'hid', 'i2c', 'scpi', 'network', 'system']),
  usb: z.array(usbId),
  dataPort: z.enum(['lowest location']).exactOptional(),
  driver: text.nullable(),
  sampleRateHz: sourced('hertz').exactOptional(),
  maximumCurrentA: sourced('amperes').exactOptional(),
  gainUncertainty: sourced('parts of the reading').exactOptional(),
  offsetA: sourced('amperes').exactOptional(),
  offsetW: sourced('watts').exactOptional(),
  shuntOffsetV: sourced('volts').exactOptional(),
  scpi: scpi.exactOptional(),
})

/** Schema of `targets/chips/*.json`. */
export const chipSchema: z.ZodType<ChipTarget> = chip

/** Schema of `targets/boards/*.json`. */
export const boardSchema: z.ZodType<BoardTarget> = board

/** Schema of `targets/accelerators/*.json`. */
export const acceleratorSchema: z.ZodType<AcceleratorTarget> = accelerator

/** Schema of `targets/meters/*.json`. */
export const meterSchema: z.ZodType<MeterTarget> = meter

const target = z.discriminatedUnion('kind', [chip, board, accelerator, meter])

/** Schema of any target file, told apart by `kind`. */
export const targetSchema: z.ZodType<Target> = target

/** The JSON Schema that lies in `targets/target.schema.json`, for editors; a test keeps the file equal to it. */
export function targetJsonSchema(): Record<string, unknown> {
  return { title: 'milliwatt target', ...z.toJSONSchema(target, { io: 'input' }) }
}
