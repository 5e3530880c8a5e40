/** How audio becomes the net's input. All of it stands in the model's card, so that no code guesses. */
export interface FeatureSpec {
  /** `mfcc`: cepstral coefficients. `log-mel`: the logarithms of the mel bands themselves. */
  readonly kind: 'mfcc' | 'log-mel'
  readonly sampleRateHz: number
  /** Length of audio that one inference sees, in seconds. */
  readonly clipS: number
  /** Analysis frame and its step, in seconds. */
  readonly frameS: number
  readonly hopS: number
  readonly fftSize: number
  readonly melBins: number
  readonly melLowHz: number
  readonly melHighHz: number
  /** Floor of each mel band before the natural logarithm. */
  readonly logFloor: number
  /** Values of a frame: cepstral coefficients kept, from 0 up; of `log-mel` as many as `melBins`. */
  readonly coefficients: number
  /** What the mel bands add up: |X|² (the default) or |X|. */
  readonly spectrum?: 'power' | 'magnitude'
  /** Sides of the mel triangles are straight against frequency (the default) or against mel. */
  readonly melSlopes?: 'hertz' | 'mel'
  /** Bands below the floor are lifted to it (`max`, the default), or the floor is added to every band. */
  readonly floorBy?: 'max' | 'add'
  /** Rows of the DCT-II: orthonormal (the default), or all of them scaled alike, as HTK and TensorFlow do. */
  readonly dct?: 'orthonormal' | 'uniform'
  /** Each clip is divided by its highest sample. */
  readonly peakNormalized?: boolean
}

/**
 * A front end that is itself a model: int16 samples of a frame in, a column of int8 out, as TensorFlow Lite Micro's
 * `audio_preprocessor_int8.tflite`, which micro_speech hears through.
 */
export interface ModelFeatureSpec {
  readonly kind: 'model'
  /** Beside the card. */
  readonly file: string
  readonly sampleRateHz: number
  readonly clipS: number
  readonly frameS: number
  readonly hopS: number
  /** Values of a frame. */
  readonly coefficients: number
}

/** How a card says that audio becomes its nets' input. */
export type CardFeatures = FeatureSpec | ModelFeatureSpec

/** Lengths that follow from a spec, in samples but for `frames`. */
export interface FeatureShape {
  readonly frame: number
  readonly hop: number
  readonly clipSamples: number
  /** Frames of a clip. */
  readonly frames: number
}

/** The lengths of a spec. */
export function featureShape(spec: CardFeatures): FeatureShape {
  const frame = Math.round(spec.frameS * spec.sampleRateHz)
  const hop = Math.round(spec.hopS * spec.sampleRateHz)
  const clipSamples = Math.round(spec.clipS * spec.sampleRateHz)
  return { frame, hop, clipSamples, frames: Math.floor((clipSamples - frame) / hop) + 1 }
}

/**
 * What the keyword model of MLPerf Tiny hears (mlcommons/tiny, keyword_spotting/get_dataset.py): 49 frames of 10
 * coefficients of one second.
 */
export const mlperfTinyFeatures: FeatureSpec = {
  kind: 'mfcc',
  sampleRateHz: 16000,
  clipS: 1,
  frameS: 0.03,
  hopS: 0.02,
  fftSize: 512,
  melBins: 40,
  melLowHz: 20,
  melHighHz: 4000,
  logFloor: 1e-6,
  coefficients: 10,
  spectrum: 'magnitude',
  melSlopes: 'mel',
  floorBy: 'add',
  dct: 'uniform',
  peakNormalized: true,
}
