import type { ColumnQuantizer } from '../../audio/fixed/quantizer.ts'
import { binShift, columnLength, type FixedTables } from '../../audio/fixed/tables.ts'
import { cLines } from './c-text.ts'

function configOf(tables: FixedTables, input: ColumnQuantizer): string {
  const { spec } = tables
  const rows: Readonly<Record<string, number | string>> = {
    FRAME: tables.frame,
    HOP: tables.hop,
    FRAMES: tables.frames,
    FFT: spec.fftSize,
    BANDS: spec.melBins,
    VALUES: columnLength(tables),
    WINDOW_SHIFT: tables.windowShift,
    BIN_SHIFT: binShift,
    POWER_SHIFT: tables.powerShift,
    MEL_BITS: tables.melBits,
    LOG_FLOOR: `UINT64_C(${tables.logFloor})`,
    CEPSTRUM_BITS: tables.cepstrumBits,
    PEAK_TIMES: tables.peakTimes,
    MAGNITUDE: Number(spec.spectrum === 'magnitude'),
    ADD_FLOOR: Number(spec.floorBy === 'add'),
    DCT: Number(spec.kind === 'mfcc'),
    INPUT_MULTIPLIER: input.multiplier,
    INPUT_SHIFT: input.shift,
    INPUT_ZERO_POINT: input.zeroPoint,
    INPUT_LOW: `(${input.low})`,
    INPUT_HIGH: input.high,
  }
  const lines = Object.entries(rows).map(([name, value]) => `#define MW_FRONTEND_${name} ${value}`)
  return `/* The front end of a net, rendered by milliwatt: sound of ${spec.sampleRateHz} Hz into columns of ${columnLength(tables)}. */
#ifndef MILLIWATT_FRONTEND_CONFIG_H
#define MILLIWATT_FRONTEND_CONFIG_H

${lines.join('\n')}

#endif
`
}

function tablesOf(tables: FixedTables): string {
  const table = (type: string, name: string, values: ArrayLike<number>) =>
    `const ${type} mw_frontend_${name}[${values.length}] = {\n${cLines(Array.from(values, String))}\n};\n`
  return `/* Tables of the front end, rendered by milliwatt. */
#include "audio/frontend_steps.h"

${[
  table('int16_t', 'window', tables.window),
  table('int16_t', 'sines', tables.sines),
  table('int16_t', 'band_first', tables.bandFirst),
  table('int16_t', 'band_count', tables.bandCount),
  table('int16_t', 'weights', tables.weights),
  table('uint16_t', 'log_table', tables.logTable),
  table('int16_t', 'cepstrum', tables.cepstrum),
].join('\n')}`
}

/**
 * The part of the front end in C that belongs to a net: `frontend_config.h` and `frontend_tables.c`, by name. The rest
 * is `firmware-bridge/audio`.
 * @param input how the net's input is quantized
 */
export function renderFrontend(tables: FixedTables, input: ColumnQuantizer): ReadonlyMap<string, string> {
  return new Map([
    ['frontend_config.h', configOf(tables, input)],
    ['frontend_tables.c', tablesOf(tables)],
  ])
}
