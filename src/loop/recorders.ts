/** A command that records, as raw little-endian int16 of one channel on its standard output. */
export interface Recorder {
  readonly name: string
  /** Where it is looked for, as `Host.platform` names them. */
  readonly platforms: readonly string[]
  args(sampleRateHz: number, device: string | undefined): readonly string[]
}

const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value])

/** What ffmpeg calls the system's sound, and its default microphone there. */
const ffmpegInputs: Readonly<Record<string, readonly [string, string]>> = {
  linux: ['alsa', 'default'],
  darwin: ['avfoundation', ':default'],
}

const ffmpeg = (platform: string): Recorder => {
  const [format, usual] = ffmpegInputs[platform]!
  return {
    name: 'ffmpeg',
    platforms: [platform],
    args: (rate, device = usual) => [
      ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-f', format, '-i', device],
      ...['-ac', '1', '-ar', `${rate}`, '-f', 's16le', '-'],
    ],
  }
}

/** All recorders, in the order in which they are tried. */
export const recorders: readonly Recorder[] = [
  {
    name: 'arecord',
    platforms: ['linux'],
    args: (rate, device) => [
      ...option('-D', device),
      ...[
        '-q',
        '-t',
        'raw',
        '-f',
        'S16_LE',
        '-c',
        '1',
        '-r',
        `${rate}`,
        '--buffer-time=2000000',
        '--period-time=20000',
      ],
    ],
  },
  {
    name: 'parec',
    platforms: ['linux'],
    args: (rate, device) => [
      ...option('-d', device),
      ...['--raw', '--format=s16le', '--channels=1', `--rate=${rate}`, '--latency-msec=20'],
    ],
  },
  {
    name: 'pw-record',
    platforms: ['linux'],
    args: (rate, device) => [
      ...option('--target', device),
      '--format',
      's16',
      '--channels',
      '1',
      '--rate',
      `${rate}`,
      '-',
    ],
  },
  {
    name: 'rec',
    platforms: ['linux', 'darwin'],
    args: (rate) => ['-q', '-t', 'raw', '-b', '16', '-e', 'signed-integer', '-c', '1', '-r', `${rate}`, '-'],
  },
  ffmpeg('linux'),
  ffmpeg('darwin'),
]
