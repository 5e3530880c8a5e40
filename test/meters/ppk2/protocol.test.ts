import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultCalibration, rangeTopA, toAdc, toCoefficients } from '../../../src/meters/ppk2/calibration.ts'
import { type Ppk2Command, readCommand, writeCommand } from '../../../src/meters/ppk2/commands.ts'
import { counterOf, decodeWords, toWord } from '../../../src/meters/ppk2/decode.ts'
import { realCalibration } from '../../../src/meters/ppk2/emulator-options.ts'
import { readMetadata, writeMetadata } from '../../../src/meters/ppk2/metadata.ts'

const decodeBytes = (bytes: readonly number[], coefficients: Float64Array) => {
  const tally = { saturated: 0, invalid: 0 }
  const words = new Uint32Array(Uint8Array.from(bytes).buffer)
  const { value, digital } = decodeWords(words, coefficients, tally)
  return { microamperes: [...value].map((ampere) => ampere * 1e6), digital: [...digital], words, tally }
}

describe('sample words', () => {
  const words = [0x64, 0xc0, 0x00, 0x01, 0x00, 0x82, 0x04, 0x0a, 0x10, 0x00, 0xfd, 0x00]

  it('decodes the known words with nominal constants and with those of a real unit', () => {
    const nominal = decodeBytes(words, toCoefficients(defaultCalibration, 3))
    expect([...nominal.words].map((word) => (word >>> 14) & 7)).toEqual([3, 2, 4])
    expect([...nominal.words].map(counterOf)).toEqual([0, 1, 63])
    expect(nominal.digital).toEqual([0x01, 0x0a, 0x00])
    const close = (got: readonly number[], want: readonly number[]) => {
      for (const [at, value] of want.entries()) expect(Math.abs(got[at]! / value - 1)).toBeLessThan(2e-6)
    }
    close(nominal.microamperes, [4696.889, 2221.663, 16619.12])
    close(decodeBytes(words, toCoefficients(realCalibration, 3.741)).microamperes, [3691.553, 2169.073, -2719.24])
  })

  it('has the published step in every range', () => {
    const coefficients = toCoefficients({ ...defaultCalibration, gs: [0, 0, 0, 0, 0] }, 3)
    const steps = [0, 1, 2, 3, 4].map((range) => coefficients[range * 3 + 1]! * 1e6)
    for (const [range, step] of [0.0426, 0.432, 4.33, 46.75, 1022].entries())
      expect(steps[range]! / step).toBeCloseTo(1, 2)
  })

  it('counts clipped samples, and gives NaN for the range codes 5 to 7', () => {
    const bytes = [toWord(0x3fff, 4, 0, 255), toWord(5, 5, 1, 0), toWord(5, 6, 2, 0), toWord(0x3fff, 7, 3, 0)].flatMap(
      (word) => [...new Uint8Array(Uint32Array.of(word).buffer)],
    )
    const { microamperes, digital, tally } = decodeBytes(bytes, toCoefficients(defaultCalibration, 3))
    expect(tally).toEqual({ saturated: 1, invalid: 3 })
    expect(microamperes.slice(1).every(Number.isNaN)).toBe(true)
    expect(digital[0]).toBe(255)
  })

  it('decodes what the inverse formula encodes, within half a step', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4 }),
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        fc.constantFrom(defaultCalibration, realCalibration),
        fc.double({ min: 0.8, max: 5, noNaN: true }),
        (range, share, calibration, regulatorV) => {
          const coefficients = toCoefficients(calibration, regulatorV)
          const currentA = rangeTopA[range]! * share
          const adc = toAdc(coefficients, range, currentA)
          fc.pre(adc >= 0 && adc < 0x3fff)
          const { value } = decodeWords(Uint32Array.of(toWord(Math.round(adc), range, 0, 0)), coefficients, {
            saturated: 0,
            invalid: 0,
          })
          const stepA = 2 * coefficients[range * 3]! * adc + coefficients[range * 3 + 1]!
          expect(Math.abs(value[0]! - currentA)).toBeLessThanOrEqual(stepA * 0.51)
        },
      ),
    )
  })
})

describe('commands', () => {
  it('have the published bytes', () => {
    const hex = (command: Ppk2Command) => Buffer.from(writeCommand(command)).toString('hex')
    expect(hex({ kind: 'start' })).toBe('06')
    expect(hex({ kind: 'stop' })).toBe('07')
    expect(hex({ kind: 'metadata' })).toBe('19')
    expect(hex({ kind: 'reset' })).toBe('20')
    expect(hex({ kind: 'device power', on: true })).toBe('0c01')
    expect(hex({ kind: 'power mode', mode: 'ampere' })).toBe('1101')
    expect(hex({ kind: 'power mode', mode: 'source' })).toBe('1102')
    expect(hex({ kind: 'regulator', millivolts: 800 })).toBe('0d0320')
    expect(hex({ kind: 'user gain', range: 2, gain: 1 })).toBe('25020000803f')
  })

  it('read back what was written', () => {
    const command: fc.Arbitrary<Ppk2Command> = fc.oneof(
      fc.constantFrom<Ppk2Command>({ kind: 'start' }, { kind: 'stop' }, { kind: 'metadata' }, { kind: 'reset' }),
      fc.boolean().map((on) => ({ kind: 'device power' as const, on })),
      fc.constantFrom('ampere' as const, 'source' as const).map((mode) => ({ kind: 'power mode' as const, mode })),
      fc.integer({ min: 800, max: 5000 }).map((millivolts) => ({ kind: 'regulator' as const, millivolts })),
      fc
        .record({ range: fc.integer({ min: 0, max: 4 }), gain: fc.float({ min: 0.5, max: 2, noNaN: true }) })
        .map((gain) => ({ kind: 'user gain' as const, ...gain })),
    )
    fc.assert(
      fc.property(command, (sent) => {
        const bytes = writeCommand(sent)
        expect(readCommand(bytes, 0)).toEqual({ command: sent, length: bytes.length })
        if (bytes.length > 1) expect(readCommand(bytes.subarray(0, bytes.length - 1), 0)).toBeNull()
      }),
    )
  })
})

describe('metadata', () => {
  const fields = { calibration: realCalibration, regulatorMv: 3741, hardware: 9173, mode: 'source', ia: 56 } as const
  const text = writeMetadata(fields)

  it('reads back what was written, in any order, with foreign bytes around', () => {
    const expected = {
      ...fields,
      calibrated: '0',
      isEmulated: false,
      keyCount: 40,
      defaulted: ['GS0'],
      implausible: [],
    }
    const calibration = { ...realCalibration, gs: [1, ...realCalibration.gs.slice(1)] }
    expect(readMetadata(text)).toEqual({ ...expected, calibration })
    const lines = text.split('\n').filter((line) => line !== 'END')
    expect(readMetadata(`\u00ff\u0000x${lines.reverse().join('\r\n')}\r\nEND\r\n`)).toMatchObject({
      ...fields,
      calibration,
    })
  })

  it('knows an instrument in software that says so', () => {
    expect(readMetadata(writeMetadata({ ...fields, isEmulated: true }))).toMatchObject({
      isEmulated: true,
      hardware: 9173,
    })
  })

  it('is nothing before its end has come, and from another instrument', () => {
    expect(readMetadata(text.slice(0, -5))).toBeNull()
    expect(readMetadata('')).toBeNull()
    expect(readMetadata('hello\nEND\n')).toBeNull()
  })

  it('takes defaults for what is absent, not a number or zero, and for what cannot be true', () => {
    const broken = text
      .replace(/^R0: .*$/m, 'R0: 3e+27')
      .replace(/^R1: .*$/m, 'R1: -nan')
      .replace(/^R2: .*\n/m, '')
      .replace(/^R3: .*$/m, 'R3: 0')
      .replace(/^O4: .*$/m, 'O4: 1e9')
      .replace(/^VDD: .*$/m, 'VDD: -nan')
    const metadata = readMetadata(broken)!
    expect(metadata.calibration.r).toEqual([...defaultCalibration.r.slice(0, 4), 0.0564])
    expect(metadata.implausible).toEqual(['R0=3e+27', 'O4=1000000000'])
    expect(metadata.defaulted).toEqual(['R1', 'R2', 'R3', 'GS0'])
    expect(metadata.regulatorMv).toBeNull()
  })

  it('never gives a conversion out of all proportion, whatever stands in the EEPROM', () => {
    const absurd = fc.constantFrom(
      'nan',
      '-nan',
      'inf',
      '-inf',
      '0',
      '-0',
      '-1',
      '3e27',
      '-3e27',
      '1e-30',
      '1e999',
      '',
      'x',
    )
    const keys = ['R', 'GS', 'GI', 'O', 'S', 'I'].flatMap((family) =>
      [0, 1, 2, 3, 4].map((range) => `${family}${range}`),
    )
    const change = fc.record({ key: fc.constantFrom(...keys), value: fc.oneof(absurd, fc.double().map(String)) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 40 }), (changes) => {
        let broken = text
        for (const { key, value } of changes)
          broken = broken.replace(new RegExp(`^${key}: .*$`, 'm'), `${key}: ${value}`)
        const { calibration, regulatorMv } = readMetadata(broken)!
        const coefficients = toCoefficients(calibration, (regulatorMv ?? 3000) / 1000)
        rangeTopA.forEach((topA, range) => {
          const [a, b, c] = coefficients.subarray(range * 3, range * 3 + 3) as unknown as [number, number, number]
          // The top of the range lies at about 1.3 V over the shunt; the bounds of a shunt are a factor of 4.
          const adc = (topA * defaultCalibration.r[range]! * 163840) / 1.8 / 4
          const currentA = a * adc * adc + b * adc + c
          expect(Number.isFinite(currentA)).toBe(true)
          expect(Math.abs(currentA)).toBeLessThan(100 * topA)
        })
      }),
      { numRuns: 300 },
    )
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (noise) => void readMetadata(`${noise}\nEND\n`)))
    fc.assert(
      fc.property(fc.constantFrom(...text.split('\n')), fc.string(), (line, value) => {
        const key = line.split(':')[0]
        const metadata = readMetadata(text.replace(line, `${key}: ${value}`))
        if (!metadata) return
        const numbers = Object.values(metadata.calibration).flat()
        expect(numbers.every((number: number) => Number.isFinite(number))).toBe(true)
      }),
    )
  })
})
