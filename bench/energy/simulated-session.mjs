// A measuring session of an emulated meter whose truth is known: load curve with layers, ripple and wake-up, idle level
// that drifts, noise by range, range switches that disturb samples, quantisation, gain, supply and offset errors, and a
// sample clock that is off. Everything follows from the seed.
import { random } from '../../dist/core/random.js'
import { estimateEnergy } from '../../dist/energy/estimate.js'
import { windowsFromSteps } from '../../dist/energy/find-steps.js'
import { bestWindows, windowsFromEvents, windowsFromLaps, windowsFromLevels } from '../../dist/energy/window-finders.js'
import { ClockFit } from '../../dist/trace/clock-fit.js'
import { idleLevel } from '../../dist/trace/idle.js'
import { PowerBuffer } from '../../dist/trace/power-buffer.js'
import { StreamSpanMeter } from '../../dist/trace/stream-span.js'
import { windowFromHostMarks } from '../../dist/trace/windows.js'

const methods = ['marker edges', 'event line', 'device laps', 'host marks', 'found steps']
/** Rate, length of a window and of an idle stretch: a 1 kHz energy meter, a bench meter, a PPK2. */
const shapes = [
  { rateHz: 1000, windowS: 10, idleS: 1 },
  { rateHz: 10_000, windowS: 1, idleS: 0.5 },
  { rateHz: 100_000, windowS: 0.12, idleS: 0.06 },
]
const idlePathShapes = ['straight', 'step', 'settling', 'wandering']
const gainLimits = [0.001, 0.005, 0.02, 0.15]

const between = (next, low, high) => low + next() * (high - low)
const logBetween = (next, low, high) => low * (high / low) ** next()
const pick = (next, values) => values[Math.floor(next() * values.length)]
const within = (next, limit) => limit * (2 * next() - 1)

/** Knots of an idle level that wanders. */
const walkSteps = 64

/**
 * How the idle level goes from 0 to its whole drift over a session (0 to 1): in a straight line, at once, settling as
 * something warms up, or wandering, which ends anywhere. In the public traces of MLPerf Tiny it lies nearer to one end than
 * to the middle.
 */
function drawIdlePath(next, shape) {
  if (shape === 'straight') return (share) => share
  if (shape === 'step') {
    const at = next()
    return (share) => (share < at ? 0 : 1)
  }
  if (shape === 'settling') {
    const settle = logBetween(next, 0.05, 1)
    return (share) => (1 - Math.exp(-share / settle)) / (1 - Math.exp(-1 / settle))
  }
  const knots = [0]
  for (let knot = 0; knot < walkSteps; knot++) knots.push(knots[knot] + next.normal() / Math.sqrt(walkSteps))
  return (share) => {
    const at = Math.min(walkSteps - 1, Math.floor(share * walkSteps))
    return knots[at] + (knots[at + 1] - knots[at]) * (share * walkSteps - at)
  }
}

/** What is drawn once a session. */
function drawPlan(next) {
  const shape = pick(next, shapes)
  const windows = 3 + Math.floor(next() * 8)
  const method = pick(next, methods)
  // Host time is only good for long windows; the tool repeats inferences until they fill one.
  const { rateHz, windowS, idleS } = method === 'host marks' ? shapes[0] : shape
  // Steps can only be told from the layers of one inference where pauses last longer than that.
  const longestS = method === 'found steps' ? idleS / 20 : windowS / 4
  const inferenceS = logBetween(next, Math.min(0.4e-3, longestS / 2), longestS)
  const inferences = Math.round(windowS / inferenceS)
  const activeW = logBetween(next, 3e-4, 0.5)
  const layers = Array.from({ length: 1 + Math.floor(next() * 12) }, () => ({
    share: 0.1 + next(),
    level: between(next, 0.5, 1.5),
  }))
  const total = layers.reduce((sum, { share }) => sum + share, 0)
  const mean = layers.reduce((sum, { share, level }) => sum + (share / total) * level, 0)
  let end = 0
  const profile = layers.map(({ share, level }) => {
    end += share / total
    return { end, powerW: (level / mean) * activeW }
  })
  const idlePathShape = pick(next, idlePathShapes)
  return {
    idlePathShape,
    idlePath: drawIdlePath(next, idlePathShape),
    rateHz,
    method,
    windows,
    inferenceS,
    inferences,
    idleS,
    activeW,
    profile,
    idleW: activeW * between(next, 0.05, method === 'found steps' ? 0.6 : 0.9),
    idleDrift: within(next, 0.02),
    windowCv: logBetween(next, 0.0008, 0.01),
    rippleShare: between(next, 0, 0.05),
    rippleHz: between(next, 50, 5000),
    noiseShare: logBetween(next, 0.001, 0.05),
    gainLimit: pick(next, gainLimits),
    supplyLimit: pick(next, [0, 0.002, 0.01]),
    offsetShare: logBetween(next, 1e-5, 2e-3),
    clockLimit: 100e-6,
  }
}

/** Windows in true time: idle, window, pause, window, ..., idle; pauses of random length so that phases differ. */
function layOut(next, plan) {
  const windowS = plan.inferences * plan.inferenceS
  const windows = []
  let atS = plan.idleS + between(next, 0, 0.01)
  for (let window = 0; window < plan.windows; window++) {
    windows.push({ startS: atS, endS: atS + windowS, factor: 1 + plan.windowCv * next.normal() })
    atS += windowS + plan.idleS * between(next, 0.2, 0.4)
  }
  return { windows, endS: atS + plan.idleS }
}

/** The samples as the meter gives them. */
function sample(next, plan, layout, errors) {
  const trueRateHz = plan.rateHz * (1 + errors.clock)
  const length = Math.floor(layout.endS * trueRateHz)
  const powerW = new Float32Array(length)
  const digital = new Uint8Array(length)
  const stepOf = (range) => plan.activeW * [0.002, 0.005][range]
  let [window, range, disturbed] = [0, 0, 0]
  for (let at = 0; at < length; at++) {
    const timeS = (at + errors.phase) / trueRateHz
    while (window < layout.windows.length && timeS >= layout.windows[window].endS) window++
    const now = layout.windows[window]
    const working = now !== undefined && timeS >= now.startS
    let truthW = plan.idleW * (1 + plan.idleDrift * plan.idlePath(timeS / layout.endS))
    if (working) {
      const phase = ((timeS - now.startS) / plan.inferenceS) % 1
      const layer = plan.profile.find(({ end }) => phase < end) ?? plan.profile.at(-1)
      truthW =
        now.factor * (layer.powerW + plan.rippleShare * plan.activeW * Math.sin(2 * Math.PI * plan.rippleHz * timeS))
    }
    const before = range
    range = truthW > plan.activeW * (range === 0 ? 0.8 : 0.7) ? 1 : 0
    if (range !== before) disturbed = 2
    const disturbance = disturbed > 0 ? 0.05 * truthW * next.normal() : 0
    if (disturbed > 0) disturbed--
    const offsetW = working ? errors.offsetW : errors.idleOffsetW
    const noiseW = plan.noiseShare * plan.activeW * (0.5 + 0.5 * range) * next.normal()
    const readW = truthW * (1 + errors.gain) * (1 + errors.supply) + offsetW + noiseW + disturbance
    powerW[at] = Math.round(readW / stepOf(range)) * stepOf(range)
    digital[at] = working ? 1 : 0
  }
  return { powerW, digital, trueRateHz }
}

/** What the session has to line windows up by. */
function findWindows(next, plan, layout, errors, samples, lose, { buffer, fit, received }) {
  const { rateHz } = plan
  // What is lost unseen is missing from the stream's own count.
  const indexOf = (timeS) => {
    const index = timeS * samples.trueRateHz - errors.phase
    const unseen = lose.filter(({ at, seen }) => !seen && at < index)
    return index - unseen.reduce((sum, { count }) => sum + count, 0)
  }
  if (plan.method === 'marker edges')
    return { 'marker edges': () => windowsFromLevels(buffer.edges(0, 0, buffer.endIndex), 0, rateHz, plan.inferences) }
  if (plan.method === 'event line') {
    const pulses = layout.windows.flatMap(({ startS, endS }) => [startS, endS])
    const boot = next() < 0.5 ? [0.01] : []
    const indexes = [...boot, ...pulses].map((timeS) => Math.ceil(indexOf(timeS)))
    return { 'event line': () => windowsFromEvents(indexes, rateHz, plan.inferences) }
  }
  if (plan.method === 'device laps') {
    // The device's crystal is off as well, and each anchor is known to a millisecond's tenth.
    const deviceClock = within(next, 100e-6)
    const laps = layout.windows.map(({ startS, endS }) => ({
      startS: startS * (1 + deviceClock),
      endS: endS * (1 + deviceClock),
      inferences: plan.inferences,
    }))
    const point = (timeS, uncertaintyS) => ({
      deviceS: timeS * (1 + deviceClock),
      index: indexOf(timeS + within(next, uncertaintyS)),
      uncertaintyS,
    })
    const unsureS = 2 / rateHz
    const points = [point(plan.idleS / 2, unsureS), point(layout.endS - plan.idleS / 2, unsureS)]
    return { 'device laps': () => windowsFromLaps(laps, points, rateHz) }
  }
  if (plan.method === 'host marks')
    return {
      'host marks': () => ({
        windows: layout.windows.map(({ startS, endS }) => ({
          ...windowFromHostMarks(fit, startS, endS),
          inferences: plan.inferences,
        })),
      }),
    }
  const durationS = plan.inferences * plan.inferenceS
  const options = { sampleRateHz: rateHz, inferences: plan.inferences, leastS: plan.idleS / 5, durationS }
  return { 'found steps': () => windowsFromSteps(received, options) }
}

/** Feeds the samples in blocks with their arrival times, leaving out what is lost. */
function feed(next, plan, samples, errors, faults) {
  const { rateHz } = plan
  const length = samples.powerW.length
  const maxPowerW = plan.activeW * 20
  const clock = { nowS: () => 0, wallTime: () => new Date(0), sleep: async () => {} }
  const buffer = new PowerBuffer({ sampleRateHz: rateHz, clock, keepS: length / rateHz + 1, maxPowerW })
  const fit = new ClockFit({ sampleRateHz: rateHz, windowS: 3 * (length / rateHz) })
  const span = new StreamSpanMeter(rateHz)
  const received = new Float32Array(length).fill(Number.NaN)
  const latencyS = between(next, 0, 0.001)
  const lost = (at) => faults.lose.find((gap) => at >= gap.at && at < gap.at + gap.count)
  let taken = 0
  let unseen = 0
  const block = Math.max(1, Math.round(rateHz / 1000))
  while (taken < length) {
    const gap = lost(taken)
    if (gap) {
      if (gap.seen) buffer.push({ kind: 'gap', firstIndex: taken - unseen, count: gap.count })
      else unseen += gap.count
      taken += gap.count
      continue
    }
    const upcoming = faults.lose.map(({ at }) => at).filter((at) => at > taken)
    const end = Math.min(length, taken + block, ...upcoming)
    const powerW = samples.powerW.subarray(taken, end)
    const arrivalS = (end + errors.phase) / samples.trueRateHz + latencyS - 5e-4 * Math.log(1 - next())
    buffer.push({
      kind: 'samples',
      firstIndex: taken - unseen,
      powerW,
      digital: samples.digital.subarray(taken, end),
      raw: new Uint8Array(0),
      arrivalS,
    })
    received.set(powerW, taken - unseen)
    fit.add(end - unseen, arrivalS)
    span.add(end - unseen, arrivalS)
    taken = end
  }
  buffer.end()
  return { buffer, fit, span, received: received.subarray(0, length - unseen) }
}

/** Losses of up to 0.1 % of the samples, in a few gaps anywhere. */
function drawLosses(next, length, seen) {
  const total = Math.max(1, Math.floor(length * 0.001 * next()))
  const gaps = 1 + Math.floor(next() * 3)
  return Array.from({ length: gaps }, (_, gap) => ({
    at: Math.floor(((gap + next()) / gaps) * (length - total - 1)),
    count: Math.max(1, Math.floor(total / gaps)),
    seen,
  })).toSorted((a, b) => a.at - b.at)
}

/** Mean of the idle level over the time in which windows ran, when the device would have waited else. */
function idleInWindows(plan, layout) {
  const points = 200
  const shares = layout.windows.flatMap(({ startS, endS }) =>
    Array.from({ length: points }, (_, at) => (startS + ((at + 0.5) / points) * (endS - startS)) / layout.endS),
  )
  const drift = shares.reduce((sum, share) => sum + plan.idlePath(share), 0) / shares.length
  return plan.idleW * (1 + plan.idleDrift * drift)
}

/**
 * One session.
 * @param seed which one
 * @param fault null, `loss` (the meter counts what it lost) or `unseen loss`
 */
export function simulateSession(seed, fault = null) {
  const next = random(seed)
  const plan = drawPlan(next)
  const layout = layOut(next, plan)
  const offsetLimitW = plan.offsetShare * plan.activeW
  const errors = {
    gain: within(next, plan.gainLimit),
    supply: within(next, plan.supplyLimit),
    clock: within(next, plan.clockLimit),
    offsetW: within(next, offsetLimitW),
    idleOffsetW: within(next, offsetLimitW),
    phase: next(),
  }
  const samples = sample(next, plan, layout, errors)
  const lose = fault === null ? [] : drawLosses(next, samples.powerW.length, fault === 'loss')
  const { buffer, fit, span, received } = feed(next, plan, samples, errors, { lose })
  const found = bestWindows(findWindows(next, plan, layout, errors, samples, lose, { buffer, fit, received }))
  const places = found.windows ?? []
  const margin = 2 + 0.005 * plan.rateHz
  const level = (from, to) => idleLevel(buffer, from, to).idle
  const windowS = plan.inferences * plan.inferenceS
  const estimate = estimateEnergy({
    windows: places.map((place) => ({
      place,
      energy: buffer.window(place.startIndex, place.endIndex),
      // A device's timer tells how long the window was; the host does so to a few milliseconds.
      ...(fault === 'unseen loss'
        ? { expected: { durationS: windowS, uncertaintyS: 1 / plan.rateHz, clock: "device's timer" } }
        : {}),
    })),
    idleBefore: places[0] ? level(0, places[0].startIndex - margin) : null,
    idleAfter: places[0] ? level(places.at(-1).endIndex + margin, buffer.endIndex) : null,
    instrument: {
      gain: { value: plan.gainLimit, source: 'drawn' },
      supply: { value: plan.supplyLimit, source: 'drawn' },
      clock: { value: plan.clockLimit, source: 'drawn' },
      offsetW: { value: offsetLimitW, source: 'drawn' },
    },
    sampleRateHz: plan.rateHz,
    supplyKnown: true,
    stream: span.span,
  })
  const meanIdleW = idleInWindows(plan, layout)
  const factor = layout.windows.reduce((sum, window) => sum + window.factor, 0) / layout.windows.length
  // What these windows really took, as this meter's gain and supply turn it: what is left is the error of the method.
  const takenJ = factor * plan.activeW * plan.inferenceS * (1 + errors.gain) * (1 + errors.supply)
  return {
    seed,
    method: plan.method,
    plan,
    estimate,
    found,
    samples: samples.powerW.length,
    truthGrossJ: plan.activeW * plan.inferenceS,
    truthNetJ: (plan.activeW - meanIdleW) * plan.inferenceS,
    methodError: Math.abs((estimate.gross?.valueJ ?? Number.NaN) / takenJ - 1),
  }
}
