import type { Kernel } from '../kernel.ts'
import {
  signalFilterBank,
  signalFilterBankLog,
  signalFilterBankSquareRoot,
  signalPcan,
  signalSpectralSubtraction,
} from './filter-bank.ts'
import { signalDelay, signalFramer, signalOverlapAdd, signalStacker } from './streams.ts'
import { signalEnergy, signalFftAutoScale, signalIrfft, signalRfft, signalWindow } from './transforms.ts'

/** The custom operators of TensorFlow Lite Micro's signal library, bit for bit, by the name in the file. */
export const signalKernels: Readonly<Record<string, Kernel>> = {
  SignalDelay: signalDelay,
  SignalEnergy: signalEnergy,
  SignalFftAutoScale: signalFftAutoScale,
  SignalFilterBank: signalFilterBank,
  SignalFilterBankLog: signalFilterBankLog,
  SignalFilterBankSpectralSubtraction: signalSpectralSubtraction,
  SignalFilterBankSquareRoot: signalFilterBankSquareRoot,
  SignalFramer: signalFramer,
  SignalIrfft: signalIrfft,
  SignalOverlapAdd: signalOverlapAdd,
  SignalPCAN: signalPcan,
  SignalRfft: signalRfft,
  SignalStacker: signalStacker,
  SignalWindow: signalWindow,
}
