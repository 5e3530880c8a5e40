import type { TraceFormat } from '../format.ts'
import { openParquet } from './read.ts'
import { createParquet } from './write.ts'

/**
 * Parquet for DuckDB, pandas and others: one row a place of the meter's grid, so that the time of a row is its
 * number over the rate; `power_w` in watts, null where there is no valid reading, and `digital`, null where the
 * sample was lost. Rate, supply, calibration and windows stand in the key-value metadata under `milliwatt`.
 */
export const parquetFormat: TraceFormat = {
  name: 'parquet',
  summary: 'a column file for DuckDB, pandas and others; about 1 byte a sample',
  endings: ['.parquet'],
  detects: async ({ head }) => new TextDecoder('latin1').decode(head.subarray(0, 4)) === 'PAR1',
  open: openParquet,
  create: createParquet,
}
