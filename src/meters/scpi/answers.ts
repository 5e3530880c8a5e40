/** From this magnitude on a number means that the range is exceeded (IEEE 488.2 and SCPI 1999: 9.9E37). */
const overflowFrom = 9.9e37

/** What an instrument answered to a query for a number. */
export type NumberAnswer = { readonly value: number } | { readonly overflow: true } | { readonly problem: string }

/** Reads the answer to a query for one number, which may carry a unit: `+1.23E-03`, `0.1230A`, `9.9E+37`. */
export function readNumberAnswer(line: string): NumberAnswer {
  const text = line.trim().split(/[,;]/)[0] ?? ''
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([mu]?[AVW])?$/.exec(text)
  if (/^[+-]?(overflow|OL|inf)/i.test(text)) return { overflow: true }
  if (!match) return { problem: `it answered "${line.trim().slice(0, 40)}" in the place of a number` }
  const value = Number(match[1])
  if (Math.abs(value) >= overflowFrom) return { overflow: true }
  const prefix = match[2]?.length === 2 ? match[2][0] : ''
  return { value: value * (prefix === 'm' ? 1e-3 : prefix === 'u' ? 1e-6 : 1) }
}

/** Who answers, by `*IDN?`. */
export interface Identity {
  readonly maker: string
  readonly model: string
  readonly serialNumber: string
  readonly firmware: string
  readonly line: string
}

/** Reads the answer to `*IDN?`: four fields parted by commas; null for anything else. */
export function readIdentity(line: string): Identity | null {
  const text = line.trim()
  const [maker = '', model = '', serialNumber = '', ...firmware] = text.split(',').map((part) => part.trim())
  if (maker === '' || model === '' || !/^[\x20-\x7e]+$/.test(text) || text.split(',').length < 3) return null
  return { maker, model, serialNumber, firmware: firmware.join(','), line: text }
}
