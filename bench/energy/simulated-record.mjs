// An energy record whose windows took these energies per inference, with nothing else to be unsure of.

import { sampleDeviation } from '../../dist/core/stats.js'
import { scatterRow, toFigure } from '../../dist/energy/budget.js'

export function simulatedRecord(energiesJ) {
  const n = energiesJ.length
  const mean = energiesJ.reduce((sum, value) => sum + value, 0) / n
  const row = scatterRow('repeatability', sampleDeviation(energiesJ) / Math.sqrt(n), n - 1, '', '')
  const provenance = 'measured'
  return {
    provenance,
    verdict: 'complete',
    reasons: [],
    subject: { model: 'm', variant: 'v', sha256: '', engine: 'e', machine: 'm' },
    method: { alignment: 'event line' },
    meter: { driver: 'd', model: 'm', serialNumber: '1', mode: 'source', supplyV: 3, calibration: {} },
    gross: { ...toFigure(mean, [row], 0.95, 0), provenance },
    net: null,
    netReason: null,
  }
}
