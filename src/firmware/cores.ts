/** What the compiler is told of the cores that it can build for, by their names in `targets/chips`. */
const flagsByCore: Readonly<Record<string, readonly string[]>> = {
  'Cortex-M0+': ['-mcpu=cortex-m0plus', '-mthumb'],
  'Cortex-M3': ['-mcpu=cortex-m3', '-mthumb'],
  'Cortex-M4F': ['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16'],
  'Cortex-M33': ['-mcpu=cortex-m33', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv5-sp-d16'],
  'Cortex-M55': ['-mcpu=cortex-m55', '-mthumb', '-mfloat-abi=hard'],
}

/** Flags of GCC for a core, words in brackets behind its name left aside; null for one that is not Arm's M profile. */
export function coreFlags(core: string): readonly string[] | null {
  return flagsByCore[core.replace(/ \(.*$/, '')] ?? null
}
