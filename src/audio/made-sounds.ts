import { random } from '../core/random.ts'

/** Loudest sample of a made-up sound: speech is recorded at about -40 to -3 dB of full scale. */
const quietest = 0.01

/**
 * A sound that nobody recorded but that fills the front end like one: some harmonics of a gliding voice in a few syllables,
 * over noise, at a level drawn at random. The same for the same seed.
 * @returns samples in -1..1
 */
export function madeSound(samples: number, sampleRateHz: number, seed: number): Float32Array {
  const uniform = random(seed)
  const level = quietest * (0.7 / quietest) ** uniform()
  const noise = level * 10 ** (-0.5 - 2 * uniform())
  const voiced = uniform() > 0.15
  const syllables = Array.from({ length: 1 + Math.floor(3 * uniform()) }, () => {
    const [from, length] = [uniform() * samples * 0.8, (0.1 + 0.25 * uniform()) * sampleRateHz]
    return {
      from,
      length,
      pitchHz: 90 + 180 * uniform(),
      glide: 0.8 + 0.4 * uniform(),
      formantHz: 300 + 2700 * uniform(),
    }
  })
  const sound = new Float32Array(samples)
  for (const { from, length, pitchHz, glide, formantHz } of voiced ? syllables : []) {
    const end = Math.min(samples, Math.floor(from + length))
    let phase = 0
    for (let n = Math.floor(from); n < end; n++) {
      const place = (n - from) / length
      phase += (2 * Math.PI * pitchHz * (1 + (glide - 1) * place)) / sampleRateHz
      let value = 0
      for (let harmonic = 1; harmonic * pitchHz < Math.min(5000, sampleRateHz / 2); harmonic++) {
        const distance = (harmonic * pitchHz - formantHz) / 600
        value += Math.sin(harmonic * phase) / (harmonic * 0.4) / (1 + distance * distance)
      }
      sound[n]! += level * 0.5 * Math.sin(Math.PI * place) * value
    }
  }
  return sound.map((value) => Math.max(-1, Math.min(1, value + noise * uniform.normal())))
}
