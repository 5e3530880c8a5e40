import type { TraceFormat } from '../format.ts'
import { openParquet } from './read.ts'
import { createParquet } from './write.ts'

/**
 * Parquet for DuckDB, pandas and others: one row a sample that arrived; `sample` is its place on the meter's
 * grid (over the rate: seconds; lost samples leave places out), `power_w` is in watts and NaN where the reading
 * is not valid, `digital` holds the channels, bit c for channel c. Rate, supply, calibration and windows stand in
 * the key-value metadata under `milliwatt`.
 */
export const parquetFormat: TraceFormat = {
  name: 'parquet',
  summary: 'a column file for DuckDB, pandas and others; about 1 byte a sample',
  endings: ['.parquet'],
  detects: async ({ head }) => new TextDecoder('latin1').decode(head.subarray(0, 4)) === 'PAR1',
  open: openParquet,
  create: createParquet,
}
