import type { Geometry } from '../program.ts'
import type { FunctionBuilder, Local } from '../wasm/function.ts'

/** An output position: locals with its row and column, and with the address of its batch's image. */
export interface OutputSite {
  readonly oy: Local
  readonly ox: Local
  readonly image: Local
}

/** A tap of the filter on the image: locals with its index and with the address of the pixel's first channel. */
export interface TapSite {
  readonly tap: Local
  readonly address: Local
}

/** Loops over batches and output positions, row-major. */
export function emitOutputs(
  f: FunctionBuilder,
  g: Geometry,
  input: number,
  elementBytes: number,
  body: (site: OutputSite) => void,
): void {
  const [batch, oy, ox, image] = [f.local('i32'), f.local('i32'), f.local('i32'), f.local('i32')]
  f.i32(input).set(image)
  f.count(batch, 0, g.batches, 1, () => {
    f.count(oy, 0, g.outputHeight, 1, () => {
      f.count(ox, 0, g.outputWidth, 1, () => body({ oy, ox, image }))
    })
    f.advance(image, g.inputHeight * g.inputWidth * g.inputChannels * elementBytes)
  })
}

/** Returns a writer of the loop over the taps of a filter that lie on the image, not on the padding. */
export function tapLoop(
  f: FunctionBuilder,
  g: Geometry,
  elementBytes: number,
): (site: OutputSite, body: (tap: TapSite) => void) => void {
  const [ky, kx, iy, ix, tap, address] = Array.from({ length: 6 }, () => f.local('i32')) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return ({ oy, ox, image }, body) => {
    const emitPixel = () => {
      f.get(iy).i32(g.inputWidth).op('i32.mul').get(ix).op('i32.add')
      f.i32(g.inputChannels * elementBytes)
        .op('i32.mul')
        .get(image)
        .op('i32.add')
        .set(address)
      f.get(ky).i32(g.filterWidth).op('i32.mul').get(kx).op('i32.add').set(tap)
      body({ tap, address })
    }
    f.count(ky, 0, g.filterHeight, 1, () => {
      f.get(oy).i32(g.strideHeight).op('i32.mul').i32(g.padTop).op('i32.sub')
      f.get(ky).i32(g.dilationHeight).op('i32.mul').op('i32.add').tee(iy).i32(g.inputHeight).op('i32.lt_u')
      f.if(() => {
        f.count(kx, 0, g.filterWidth, 1, () => {
          f.get(ox).i32(g.strideWidth).op('i32.mul').i32(g.padLeft).op('i32.sub')
          f.get(kx).i32(g.dilationWidth).op('i32.mul').op('i32.add').tee(ix).i32(g.inputWidth).op('i32.lt_u')
          f.if(emitPixel)
        })
      })
    })
  }
}
