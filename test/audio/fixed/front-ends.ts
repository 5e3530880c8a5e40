import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type CardFeatures, type FeatureSpec, mlperfTinyFeatures } from '../../../src/audio/feature-spec.ts'
import { FixedFrontend } from '../../../src/audio/fixed/frontend.ts'
import { type ColumnQuantizer, columnQuantizer, quantizeColumn } from '../../../src/audio/fixed/quantizer.ts'
import { fixedTables } from '../../../src/audio/fixed/tables.ts'
import { cardSchema } from '../../../src/catalogue/card.ts'

const card = resolve(import.meta.dirname, '../../../models/kws/card.json')

/** Features of the shipped keyword spotters. */
export const shippedFeatures: FeatureSpec = computed(cardSchema.parse(JSON.parse(readFileSync(card, 'utf8'))).features)

function computed(features: CardFeatures): FeatureSpec {
  if (features.kind === 'model') throw new Error('the shipped nets have a front end that is computed')
  return features
}

/** A front end to test, the quantization of its net's input, and the peak that it is told. */
export interface FrontEndCase {
  readonly name: string
  readonly spec: FeatureSpec
  readonly input: ColumnQuantizer
  readonly peak: number
}

const full = 32768

/** One of every kind: both spectra, floors and slopes, other sizes, signed and unsigned inputs. */
export const frontEndCases: readonly FrontEndCase[] = [
  { name: 'kws', spec: shippedFeatures, input: columnQuantizer(0.36213234066963196, 33, 'int8'), peak: full },
  { name: 'MLPerf Tiny', spec: mlperfTinyFeatures, input: columnQuantizer(0.5847029089927673, 83, 'int8'), peak: 9000 },
  {
    name: 'log-mel',
    spec: { ...shippedFeatures, kind: 'log-mel', coefficients: 40, peakNormalized: true },
    input: columnQuantizer(0.08, 171, 'uint8'),
    peak: 20000,
  },
  {
    name: 'short frames',
    spec: {
      ...shippedFeatures,
      frameS: 0.016,
      hopS: 0.016,
      fftSize: 256,
      melBins: 23,
      coefficients: 13,
      floorBy: 'add',
    },
    input: columnQuantizer(0.21, -4, 'int8'),
    peak: full,
  },
]

/** Sound that goes through all loudnesses, from silence to clipping, with steps, tones and noise. */
export function wildSound(samples: number, seed: number): Int16Array {
  let state = seed >>> 0
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const sound = new Int16Array(samples)
  let [loudness, pitch, kind] = [0, 0, 0]
  for (let n = 0; n < samples; n++) {
    if (n % 500 === 0) [loudness, pitch, kind] = [2 ** (next() * 18 - 2), next() * 3.2, Math.floor(next() * 4)]
    const wave = kind === 0 ? Math.sin(pitch * n) : kind === 1 ? Math.sign(Math.sin(pitch * n)) : next() * 2 - 1
    sound[n] = Math.max(-32768, Math.min(32767, Math.round(kind === 3 ? loudness : loudness * wave)))
  }
  return sound
}

/** By column: the features, and the net's input, as the host computes them. */
export function hostColumns({ spec, input, peak }: FrontEndCase, sound: Int16Array): Uint8Array {
  const frontend = new FixedFrontend(fixedTables(spec))
  frontend.peak = peak
  const parts: Uint8Array[] = []
  const column = new Uint8Array(frontend.values.length)
  for (let at = 0; at < sound.length; ) {
    at = frontend.push(sound, at)
    if (!frontend.ended) break
    quantizeColumn(frontend.values, input, column)
    parts.push(new Uint8Array(frontend.values.buffer.slice(0)), column.slice())
  }
  return Buffer.concat(parts)
}

/** C that reads sound until it ends, in portions of odd lengths, and gives features and input of every column. */
export function frontEndProgram({ peak }: FrontEndCase): string {
  const steps = ['frontend', 'window', 'transform', 'mel', 'log2', 'features', 'quantize']
  return `${steps.map((step) => `#include "audio/${step}.c"`).join('\n')}
#include "frontend_tables.c"
static mw_frontend frontend;
static int run_models(void)
{
  int16_t portion[700], size = 1;
  int8_t column[MW_FRONTEND_VALUES];
  mw_frontend_reset(&frontend);
  frontend.peak = ${peak};
  while (take(&size, sizeof size) && size > 0) {
    if (!take(portion, (size_t)size * sizeof *portion)) return 3;
    for (size_t at = 0, taken; at < (size_t)size; at += taken) {
      begin_run();
      const int ended = mw_frontend_push(&frontend, portion + at, (size_t)size - at, &taken, column);
      end_run();
      if (ended && !(give(frontend.values, sizeof frontend.values) && give(column, sizeof column))) return 5;
    }
  }
  return 0;
}
`
}

/** Sound as `frontEndProgram` reads it: portions, each with its length before it, and a length of 0. */
export function portions(sound: Int16Array): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0, size = 1; at < sound.length; at += size, size = (size * 7 + 3) % 701 || 5) {
    const part = sound.slice(at, at + size)
    parts.push(new Uint8Array(Int16Array.of(part.length).buffer), new Uint8Array(part.buffer))
  }
  return Buffer.concat([...parts, new Uint8Array(2)])
}
