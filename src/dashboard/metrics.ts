import type { MonitorState } from './state.ts'

const escapeLabel = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')

interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly value: number | null
}

function metricsOf(state: MonitorState): readonly Metric[] {
  const newest = state.inferences.at(-1)
  return [
    {
      name: 'meter_up',
      type: 'gauge',
      help: '1 while the meter measures.',
      value: state.status === 'measuring' ? 1 : 0,
    },
    { name: 'power_watts', type: 'gauge', help: 'Mean power of the last second.', value: state.powerW },
    { name: 'energy_joules_total', type: 'counter', help: 'Energy since the start.', value: state.energyJ },
    { name: 'samples_received_total', type: 'counter', help: 'Samples that arrived.', value: state.received },
    { name: 'samples_lost_total', type: 'counter', help: 'Samples that did not arrive.', value: state.lost },
    { name: 'samples_saturated_total', type: 'counter', help: 'Samples at full scale.', value: state.saturated },
    { name: 'inference_windows_total', type: 'counter', help: 'Measured windows.', value: state.inferenceCount },
    {
      name: 'inference_energy_joules',
      type: 'gauge',
      help: 'Energy of one inference in the newest window.',
      value: newest?.energyJ ?? null,
    },
  ]
}

/** A monitor's state in Prometheus' text format (version 0.0.4). Every figure carries its provenance as a label. */
export function toPrometheus(state: MonitorState): string {
  const { meter } = state
  const labels = meter
    ? `{meter="${escapeLabel(meter.model)}",path="${escapeLabel(meter.path)}",provenance="${meter.provenance}"}`
    : ''
  return metricsOf(state)
    .filter(({ value }) => value !== null && (meter !== null || value === 0))
    .map(({ name, type, help, value }) => {
      const full = `milliwatt_${name}`
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full}${labels} ${value}\n`
    })
    .join('')
}
