import type { LoopsStep } from '../../../loops/loops.ts'
import type { State } from '../../../program.ts'
import type { LowerContext } from '../../context.ts'
import { lowerIrfft, lowerRfft } from './fft.ts'
import {
  lowerFilterBank,
  lowerFilterBankLog,
  lowerPcan,
  lowerSpectralSubtraction,
  lowerSquareRoot,
  noiseState,
} from './filter-bank.ts'
import { lowerAutoScale, lowerEnergy, lowerWindow } from './samples.ts'
import {
  delayStates,
  framerStates,
  lowerDelay,
  lowerFramer,
  lowerOverlapAdd,
  lowerStacker,
  overlapStates,
  stackerStates,
} from './streams.ts'

/** How a custom operator becomes steps, by its name in the file. */
export const signalLowerings: Readonly<Record<string, (context: LowerContext) => LoopsStep | readonly LoopsStep[]>> = {
  SignalDelay: lowerDelay,
  SignalEnergy: lowerEnergy,
  SignalFftAutoScale: lowerAutoScale,
  SignalFilterBank: lowerFilterBank,
  SignalFilterBankLog: lowerFilterBankLog,
  SignalFilterBankSpectralSubtraction: lowerSpectralSubtraction,
  SignalFilterBankSquareRoot: lowerSquareRoot,
  SignalFramer: lowerFramer,
  SignalIrfft: lowerIrfft,
  SignalOverlapAdd: lowerOverlapAdd,
  SignalPCAN: lowerPcan,
  SignalRfft: lowerRfft,
  SignalStacker: lowerStacker,
  SignalWindow: lowerWindow,
}

/** What the operators keep from one run to the next, besides their tensors. */
export const signalStates: Readonly<Record<string, (context: LowerContext) => readonly State[]>> = {
  SignalDelay: delayStates,
  SignalFilterBankSpectralSubtraction: (context) => [noiseState(context)],
  SignalFramer: framerStates,
  SignalOverlapAdd: overlapStates,
  SignalStacker: stackerStates,
}
