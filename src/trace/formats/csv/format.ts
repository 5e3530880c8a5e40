import type { TraceFormat } from '../format.ts'
import { openCsv, tableIn } from './read.ts'
import { createCsv } from './write.ts'

/**
 * The table that the Power Profiler app exports: time in ms, current in µA, digital channels. Rows of lost
 * samples are left out, as the app does; what the table has no column for lies in `NAME.csv.json`.
 */
export const csvFormat: TraceFormat = {
  name: 'csv',
  summary: 'the table of the Power Profiler app: time in ms, current in µA, digital channels',
  endings: ['.csv'],
  detects: async ({ head }) => tableIn(head) !== null,
  open: openCsv,
  create: createCsv,
}
