import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameSplitter, readFrame, writeFrame } from '../../../src/firmware/bridge/frame.ts'

const frame = fc.record({
  type: fc.integer({ min: 128, max: 255 }),
  seq: fc.nat(255),
  ack: fc.nat(255),
  content: fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    // Zeros, and runs without a zero around the length at which a new group begins.
    fc.integer({ min: 240, max: 520 }).map((length) => new Uint8Array(length).fill(7)),
    fc.integer({ min: 0, max: 20 }).map((length) => new Uint8Array(length)),
  ),
})

const inner = (wire: Uint8Array) => wire.subarray(1, -1)

it('reads what it wrote, without a zero on the way', () => {
  fc.assert(
    fc.property(frame, (one) => {
      const wire = writeFrame(one)
      expect([wire[0], wire.at(-1)]).toEqual([0, 0])
      expect(inner(wire).includes(0)).toBe(false)
      expect(readFrame(inner(wire))).toEqual(one)
    }),
  )
})

it('takes no frame with one byte changed, lost or added', () => {
  fc.assert(
    fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(2), (one, where, by, how) => {
      const wire = [...inner(writeFrame(one))]
      const at = where % wire.length
      if (how === 0) wire[at] = wire[at]! ^ by
      if (how === 1) wire.splice(at, 1)
      if (how === 2) wire.splice(at, 0, by)
      const read = readFrame(Uint8Array.from(wire))
      // Adding or leaving out one of a run of equal bytes at the border of a group may change nothing at all.
      if (read) expect(read).toEqual(one)
      else expect(read).toBeNull()
      if (how === 0) expect(read).toBeNull()
    }),
    { numRuns: 500 },
  )
})

it('never throws, whatever comes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => readFrame(bytes)).not.toThrow()
    }),
  )
})

it('cuts a stream at its zeros whatever the chunks', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
      const stream = Buffer.concat(frames.map(writeFrame))
      const splitter = new FrameSplitter()
      const found: Uint8Array[] = []
      let at = 0
      for (const cut of [...cuts, stream.length]) {
        found.push(...splitter.push(stream.subarray(at, at + cut)))
        at += cut
      }
      expect(found.map((wire) => readFrame(wire))).toEqual(frames)
    }),
  )
})
