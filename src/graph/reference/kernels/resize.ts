import { numberAttribute } from '../../graph.ts'
import { roundHalfAway } from '../fixed-point.ts'
import { type Call, input, isFloat, type Kernel, numeric, output } from '../kernel.ts'

/** Where an output place falls between two input places along one axis; `upper` is its weight, of `unit`. */
interface Between {
  readonly low: number
  readonly high: number
  readonly upper: number
}

type Place = (at: number, inputLength: number, outputLength: number) => Between

const flag = (call: Call, name: string) => numberAttribute(call.node, name, 0) === 1

/** TFLite's integer form: places in 1/1024. */
function integerPlace(call: Call): Place {
  const [corners, centers] = [flag(call, 'alignCorners'), flag(call, 'halfPixelCenters')]
  return (at, inputLength, outputLength) => {
    const less = corners && outputLength > 1 ? 1 : 0
    const step = Math.floor(
      (1024 * (inputLength - less) + Math.floor((outputLength - less) / 2)) / (outputLength - less),
    )
    const place = at * step + (centers ? Math.floor(step / 2) - 512 : 0)
    const low = Math.max(Math.trunc(place / 1024), 0)
    const high = Math.min(Math.trunc((place + 1023) / 1024), inputLength - 1)
    return { low, high, upper: place - 1024 * low }
  }
}

function floatPlace(call: Call): Place {
  const [corners, centers] = [flag(call, 'alignCorners'), flag(call, 'halfPixelCenters')]
  return (at, inputLength, outputLength) => {
    const less = corners && outputLength > 1 ? 1 : 0
    const step = Math.fround((inputLength - less) / (outputLength - less))
    const place = centers ? Math.fround(Math.fround(Math.fround(at + 0.5) * step) - 0.5) : Math.fround(at * step)
    const low = Math.max(Math.floor(place), 0)
    return { low, high: Math.min(Math.ceil(place), inputLength - 1), upper: Math.fround(place - low) }
  }
}

/** Rounds the sum of four weighted integers, in 2^-20. */
const integerMix = (sum: number) => Math.trunc((sum + (sum > 0 ? 2 ** 19 : -(2 ** 19))) / 2 ** 20)

/** Product of a value and two weights, float32 after each step. */
const weighted = (value: number, a: number, b: number) => Math.fround(Math.fround(value * a) * b)

function eachPlace(
  call: Call,
  place: Place,
  visit: (rows: Between, columns: Between, at: (row: number, column: number) => number, to: number) => void,
): void {
  const [batches, inputH, inputW, channels] = input(call, 0).shape as readonly [number, number, number, number]
  const [, outputH, outputW] = output(call).shape as readonly [number, number, number, number]
  for (let batch = 0; batch < batches; batch++)
    for (let y = 0; y < outputH; y++)
      for (let x = 0; x < outputW; x++) {
        const [rows, columns] = [place(y, inputH, outputH), place(x, inputW, outputW)]
        const at = (row: number, column: number) => ((batch * inputH + row) * inputW + column) * channels
        visit(rows, columns, at, ((batch * outputH + y) * outputW + x) * channels)
      }
}

/** RESIZE_BILINEAR: integers in 10-bit fixed point as TFLite's integer kernel, floats in float32. */
export const resizeBilinear: Kernel = (call) => {
  const [source, data] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  const float = isFloat(input(call, 0))
  const channels = output(call).shape[3]!
  const unit = float ? 1 : 1024
  const product = float ? weighted : (value: number, a: number, b: number) => value * a * b
  const add = float ? (a: number, b: number) => Math.fround(a + b) : (a: number, b: number) => a + b
  eachPlace(call, float ? floatPlace(call) : integerPlace(call), (rows, columns, at, to) => {
    const [top, left] = [unit - rows.upper, unit - columns.upper]
    for (let c = 0; c < channels; c++) {
      const value = (row: number, column: number) => source[at(row, column) + c]!
      const sum = [
        product(value(rows.high, columns.low), rows.upper, left),
        product(value(rows.low, columns.high), top, columns.upper),
        product(value(rows.high, columns.high), rows.upper, columns.upper),
      ].reduce(add, product(value(rows.low, columns.low), top, left))
      data[to + c] = float ? sum : integerMix(sum)
    }
  })
}

/** RESIZE_NEAREST_NEIGHBOR: TFLite's rule in float32. */
export const resizeNearest: Kernel = (call) => {
  const [source, data] = [numeric(call, input(call, 0)), numeric(call, output(call))]
  const [corners, centers] = [flag(call, 'alignCorners'), flag(call, 'halfPixelCenters')]
  const channels = output(call).shape[3]!
  const nearest: Place = (at, inputLength, outputLength) => {
    const less = corners && outputLength > 1 ? 1 : 0
    const step = Math.fround((inputLength - less) / (outputLength - less))
    const place = Math.fround(Math.fround(at + (centers ? 0.5 : 0)) * step)
    const low = Math.max(0, Math.min(corners ? roundHalfAway(place) : Math.floor(place), inputLength - 1))
    return { low, high: low, upper: 0 }
  }
  eachPlace(call, nearest, (rows, columns, at, to) => {
    const from = at(rows.low, columns.low)
    for (let c = 0; c < channels; c++) data[to + c] = source[from + c]!
  })
}
