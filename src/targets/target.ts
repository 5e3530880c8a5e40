import type { FlashWay } from './flash-way.ts'

/**
 * A value with where it comes from: a document, a measurement, or "from memory, not verified". The name of
 * the field that holds it ends in its SI unit.
 */
export interface Sourced<T> {
  readonly value: T
  readonly source: string
}

/** What every target file begins with. `id` equals the file name without `.json`. */
export interface TargetHead {
  readonly $schema?: string
  /** Version of the file format. Readers refuse versions that they do not know. */
  readonly version: 1
  readonly id: string
  readonly name: string
  readonly vendor: string
}

/** How a machine that runs milliwatt is recognised as this chip or board. */
export interface HostMatch {
  /** Strings of the device tree's root `compatible`; one of them suffices. */
  readonly deviceTreeCompatible: readonly string[]
  readonly source: string
}

/** Some equal cores of a chip. */
export interface CoreGroup {
  readonly name: string
  readonly count: Sourced<number>
  readonly clockHz: Sourced<number>
}

/** A supply rail of a chip. */
export interface Rail {
  readonly name: string
  readonly minimumV: Sourced<number>
  readonly maximumV: Sourced<number>
}

/** `targets/chips/*.json`: cores, memory, rails and rates of a chip. */
export interface ChipTarget extends TargetHead {
  readonly kind: 'chip'
  readonly cores: readonly CoreGroup[]
  /** Program memory in bytes, on the chip. */
  readonly flashBytes?: Sourced<number>
  /** Working memory in bytes, on the chip. */
  readonly ramBytes?: Sourced<number>
  /** Ids of files in `targets/accelerators`. */
  readonly accelerators: readonly string[]
  readonly rails?: readonly Rail[]
  /** Published speed: int8 multiply-accumulates a second in a whole network. */
  readonly rates?: { readonly int8MacsPerS: Sourced<number> }
  readonly match?: HostMatch
}

/** What a USB device with these ids is to the board. */
export type UsbRole = 'bootloader' | 'application' | 'debug probe' | 'serial bridge' | 'instrument'

/** A USB identity. Ids are lower-case hex of four digits. */
export interface UsbId {
  readonly vendorId: string
  readonly productId: string
  readonly what: UsbRole
  /** False when unrelated devices show the same ids, so that they prove nothing alone. */
  readonly exclusive: boolean
  readonly source: string
}

/** A place where the supply can be cut to put a meter in. */
export interface MeterPoint {
  readonly name: string
  /** What to cut or to feed, and what the reading then includes. */
  readonly where: string
  /** Voltage at this point in volts. */
  readonly supplyV?: Sourced<number>
  readonly source: string
}

/** How far milliwatt is with a board. */
export type BoardStatus = 'described' | 'runs in emulation' | 'builds; not run on hardware' | 'runs on hardware'

/** `targets/boards/*.json`: a chip with its wiring. */
export interface BoardTarget extends TargetHead {
  readonly kind: 'board'
  /** Id of a file in `targets/chips`. */
  readonly chip: string
  /** Shorter names for the command line. */
  readonly aliases?: readonly string[]
  /** The command that emulates the board. */
  readonly emulator?: string
  /** `mcu`: runs our firmware and talks over a serial link; `host`: runs milliwatt itself. */
  readonly role: 'mcu' | 'host'
  readonly status: BoardStatus
  readonly usb: readonly UsbId[]
  /** Ways to flash, best first. */
  readonly flashers: readonly FlashWay[]
  readonly microphone: {
    readonly type: 'none' | 'pdm' | 'i2s' | 'analog'
    readonly part?: string
    readonly source: string
  }
  readonly serialLink?: {
    readonly type: 'native usb' | 'probe' | 'bridge'
    readonly port?: string
    readonly source: string
  }
  readonly meterPoints: readonly MeterPoint[]
  /** Memory on the board in bytes, where it is not on the chip. */
  readonly flashBytes?: Sourced<number>
  readonly ramBytes?: Sourced<number>
  /** Published power of the whole board in watts: booted and idle; computing on all it has. */
  readonly power?: { readonly idleW?: Sourced<number>; readonly activeW?: Sourced<number> }
  readonly match?: HostMatch
}

/** A PCI identity, lower-case hex of four digits. */
export interface PciId {
  readonly vendorId: string
  readonly deviceId: string
  readonly what: string
  readonly source: string
}

/** How an accelerator shows itself. Each list may be empty; one hit is enough. */
export interface Detection {
  /** Device nodes that only this accelerator's driver makes; `*` stands for any text in the last part. */
  readonly deviceNodes: readonly string[]
  /** Kernel drivers whose nodes in `/dev/accel` or `/dev/dri` are this accelerator. */
  readonly drmDrivers: readonly string[]
  readonly kernelModules: readonly string[]
  readonly pciIds: readonly PciId[]
  readonly usbIds: readonly UsbId[]
  /** `compatible` strings, of the root or of an enabled node. */
  readonly deviceTreeCompatible: readonly string[]
  /** Machines that always have it. */
  readonly machines: readonly { readonly platform: string; readonly architecture: string }[]
  readonly source: string
}

/** What one kind of operator takes on a simulated accelerator, and what it must not exceed. */
export interface SimulatedOps {
  /** Operators in canonical (TensorFlow Lite) names, lower case. */
  readonly names: readonly string[]
  /** Part of `macsPerCycle` that its multiply-accumulates reach; 1 where nothing is stated. */
  readonly utilisationShare?: Sourced<number>
  /** What an output element takes in the output stage, as so many multiply-accumulates at the full rate; 0 if absent. */
  readonly elementMacs?: Sourced<number>
  /** Cycles that every operator of this kind takes besides. */
  readonly fixedCycles?: Sourced<number>
  /** Largest kernel (dilated), stride and number of channels. */
  readonly limits?: {
    readonly kernelHeightElements?: Sourced<number>
    readonly kernelWidthElements?: Sourced<number>
    readonly kernelElements?: Sourced<number>
    readonly strideElements?: Sourced<number>
    readonly channelCount?: Sourced<number>
  }
}

/** One configuration in which an accelerator is built. */
export interface SimulatedVariant {
  /** The accelerator's id, alone or followed by `-` and what tells it from the others. */
  readonly id: string
  readonly macsPerCycle: Sourced<number>
  readonly clockHz: Sourced<number>
}

/** What a simulation of an accelerator charges. What is left out costs nothing: its time is then a lower bound. */
export interface Simulation {
  /** Element types of activations that it takes. */
  readonly dtypes: Sourced<readonly string[]>
  readonly variants: readonly SimulatedVariant[]
  /** Memory for activations. */
  readonly sramBytes: Sourced<number>
  /** What happens to activations beyond `sramBytes`: they are written out and read back over `dmaBytesPerS`, or the node is refused. */
  readonly spill: 'charged' | 'refused'
  /** Speed at which weights come in from the memory where they lie. */
  readonly dmaBytesPerS: Sourced<number>
  /** Weights up to this size stay inside from run to run; all of them come in anew where it is absent. */
  readonly parameterCacheBytes?: Sourced<number>
  /** Speed of the link over which inputs and outputs go; absent where host and accelerator share the memory. */
  readonly hostBytesPerS?: Sourced<number>
  /** From the call until it computes, and back. */
  readonly dispatchS?: Sourced<number>
  /** Supplies; empty where nothing is published, and then there is no energy. */
  readonly rails: readonly {
    readonly name: string
    readonly activeW: Sourced<number>
    readonly idleW?: Sourced<number>
  }[]
  readonly ops: readonly SimulatedOps[]
}

/** `targets/accelerators/*.json`: a neural accelerator, how it is seen and what it needs. */
export interface AcceleratorTarget extends TargetHead {
  readonly kind: 'accelerator'
  readonly detect: Detection
  /** Element types that its vendor declares. */
  readonly dtypes: Sourced<readonly string[]>
  /** Names of milliwatt's backends that run on it; empty as long as none does. */
  readonly backends: readonly string[]
  /** The external delegate by which TensorFlow Lite reaches it. */
  readonly delegate?: DelegateTarget
  /** What runs on it outside milliwatt, as a sentence. */
  readonly exists: string
  /** The driver and the runtime that the user needs. */
  readonly needs: string
  /** What to do when the hardware is there but its driver is not. */
  readonly next: string
  /** What it would take, for `--what-if`. */
  readonly simulation?: Simulation
}

/** A shared library that gives TensorFlow Lite an accelerator. */
export interface DelegateTarget {
  /** File names of the library, the first that is found counts. */
  readonly libraries: readonly string[]
  /** What it is told when it is opened, each as `key=value`. */
  readonly options: readonly string[]
  readonly takes: 'any model' | 'models compiled for it'
  readonly status: 'runs' | 'written against its documented interface; not run'
  readonly source: string
}

/** `targets/meters/*.json`: a power meter, how it is seen and what it can. */
export interface MeterTarget extends TargetHead {
  readonly kind: 'meter'
  readonly link: 'serial' | 'usb' | 'hid' | 'i2c' | 'scpi' | 'network' | 'system'
  readonly usb: readonly UsbId[]
  /** Which of several serial ports of one meter carries the data. */
  readonly dataPort?: 'lowest location'
  /** Name of milliwatt's driver; null as long as there is none. */
  readonly driver: string | null
  readonly sampleRateHz?: Sourced<number>
  readonly maximumCurrentA?: Sourced<number>
  /** Relative uncertainty of the gain; it does not average out. */
  readonly gainUncertainty?: Sourced<number>
  /** Current or power that is added to every reading, at most. */
  readonly offsetA?: Sourced<number>
  readonly offsetW?: Sourced<number>
  /** Voltage at the shunt that is added to every reading, at most: divided by the shunt's resistance it is a current. */
  readonly shuntOffsetV?: Sourced<number>
  readonly scpi?: ScpiDialect
}

/** How a bench instrument is spoken to. In queries `{ch}` stands for the channel. */
export interface ScpiDialect {
  /** Regular expression that the answer to `*IDN?` matches, without regard to case. */
  readonly identity: string
  /** Commands that are sent once. */
  readonly setup: readonly string[]
  /** Query for watts; without it current and voltage are asked for, without `voltage` the user states it. */
  readonly power?: string
  readonly current?: string
  readonly voltage?: string
  readonly channelCount: Sourced<number>
  /** How often it can be asked. */
  readonly rateHz: Sourced<number>
}

/** Any target file. */
export type Target = ChipTarget | BoardTarget | AcceleratorTarget | MeterTarget

/** All targets by id. Every id that a target names is there. */
export interface Targets {
  readonly chips: ReadonlyMap<string, ChipTarget>
  readonly boards: ReadonlyMap<string, BoardTarget>
  readonly accelerators: ReadonlyMap<string, AcceleratorTarget>
  readonly meters: ReadonlyMap<string, MeterTarget>
}
