export type { FeatureSpec } from './audio/feature-spec.ts'
export { mlperfTinyFeatures } from './audio/feature-spec.ts'
export type { FeatureExtractor } from './audio/features.ts'
export { createFeatureExtractor } from './audio/features.ts'
export { createFixedExtractor } from './audio/fixed/extractor.ts'
export type {
  Backend,
  Executable,
  LayerCost,
  LayerProfile,
  TensorData,
  TensorSpec,
  TensorValue,
} from './backends/backend.ts'
export { emulatedBackend } from './backends/emulated.ts'
export { backends } from './backends/list.ts'
export { describePlacement, type PlacedNode, type Placement, type PlacementOptions } from './backends/placement.ts'
export type { Card, CardAccuracy, CardVariant } from './catalogue/card.ts'
export type { Catalogue, Variant } from './catalogue/load.ts'
export { loadCatalogue } from './catalogue/load.ts'
export type { Cost, MeanInterval } from './core/cost.ts'
export type { Device, DeviceFinder, DeviceKind, Finding } from './core/device.ts'
export { type ErrorCode, errorTable, isMilliwattError, MilliwattError } from './core/errors.ts'
export type { Host } from './core/host.ts'
export type { Link, LinkEnd, PortInfo } from './core/link.ts'
export { isPhysical, type Provenance, provenances } from './core/provenance.ts'
export type { EnergyFigure } from './energy/budget.ts'
export { checkEnergy } from './energy/check-energy.ts'
export { compareEnergy } from './energy/compare-energy.ts'
export { type EnergyEstimate, type EnergySession, estimateEnergy } from './energy/estimate.ts'
export { windowsFromSteps } from './energy/find-steps.ts'
export type { InstrumentLimits } from './energy/instrument.ts'
export { type LayerSolution, layersFromMarkers, solveLayers } from './energy/layers.ts'
export { officialScore, officialWindow } from './energy/official.ts'
export { readEnergyRecord } from './energy/read-record.ts'
export type { EnergyRecord } from './energy/record.ts'
export { sessionFromTrace, type TraceEvidence } from './energy/trace-session.ts'
export {
  bestWindows,
  type PlacedWindow,
  windowsFromEvents,
  windowsFromLaps,
  windowsFromLevels,
} from './energy/window-finders.ts'
export type { ModelFacts } from './graph/facts.ts'
export type { QuantizationParameters } from './graph/quantization.ts'
export type { AdaptiveModel, AdaptOptions, ModelSwitch } from './loop/adaptive.ts'
export type { BorderTensor } from './loop/border.ts'
export { findClips } from './loop/clips.ts'
export type { Tensors } from './loop/engine-slot.ts'
export {
  type EnrolledVariant,
  type Enrolment,
  type EnrolOptions,
  enrolWord,
} from './loop/enrol/enrol-word.ts'
export type { ModelInput } from './loop/input.ts'
export type { LoadedModel, MeasuredRun, RunResult } from './loop/model.ts'
export type { ModelPlan } from './loop/model-plan.ts'
export type { ModelPool, PoolOptions, TaskOptions } from './loop/pool.ts'
export type { Probe } from './loop/probe.ts'
export { dequantize, type QuantizedTensor, quantize } from './loop/quantize.ts'
export type { Elements } from './loop/run-into.ts'
export { type KeywordRun, type KeywordRunOptions, runKeywords } from './loop/run-keywords.ts'
export { type LoadOptions, openRuntimeOn, type Runtime, type RuntimeOptions } from './loop/runtime.ts'
export { findMeters, type MeterReport, openMeter, surveyMeters } from './meters/list.ts'
export type { Accuracy, FoundMeter, Meter, MeterDriver, MeterInfo, MeterOptions } from './meters/meter.ts'
export { type Advice, type Observation, Replanner } from './plan/adapt/replanner.ts'
export type { Candidate } from './plan/candidate.ts'
export type { Choice } from './plan/choose.ts'
export type { Goal, Use } from './plan/goal.ts'
export type { NearestGoal, Unmet } from './plan/nearest.ts'
export { type Partition, partition } from './plan/partition/partition.ts'
export type { PartitionAsk, PartitionProblem } from './plan/partition/problem.ts'
export type { InferenceRow, PlanReport, PlanRow, RunReport } from './report/report.ts'
export type { SampleBlock, SampleEvent, SampleGap, SampleMark } from './trace/samples.ts'
