/** What a frame may hold. Generated from `firmware-bridge/messages.json` by `npm run gen`. */
export const messageTable = {
  /** opens a session: both ends begin to count at 0; text becomes frames. */
  hello: {
    code: 129,
    from: 'host',
    kind: 'control',
    fields: [
      ['nonce', 'u32'],
      ['version', 'u8'],
    ],
  },
  /** answers hello; window: bytes on the wire that may wait unacknowledged, payload: most bytes of a frame's content. */
  welcome: {
    code: 130,
    from: 'device',
    kind: 'control',
    fields: [
      ['nonce', 'u32'],
      ['version', 'u8'],
      ['window', 'u16'],
      ['payload', 'u16'],
      ['unsent', 'u16'],
    ],
  },
  /** all before the frame's ack arrived; again: what follows is to be sent once more. */
  ack: {
    code: 131,
    from: 'both',
    kind: 'control',
    fields: [['again', 'u8']],
  },
  /** no session is open: the device has restarted, or never heard hello. */
  stranger: {
    code: 132,
    from: 'device',
    kind: 'control',
    fields: [],
  },
  /** closes the session: frames become text. */
  bye: {
    code: 133,
    from: 'host',
    kind: 'control',
    fields: [],
  },
  /** asks for board. */
  describe: {
    code: 144,
    from: 'host',
    kind: 'request',
    fields: [],
  },
  /** asks for model. */
  'describe-model': {
    code: 145,
    from: 'host',
    kind: 'request',
    fields: [['index', 'u8']],
  },
  /** asks for tensor of the chosen model; side: 0 inputs, 1 outputs. */
  'describe-tensor': {
    code: 146,
    from: 'host',
    kind: 'request',
    fields: [
      ['side', 'u8'],
      ['index', 'u8'],
    ],
  },
  /** asks for layer of the chosen model, with the ticks of the latest run that timed layers. */
  'describe-layer': {
    code: 147,
    from: 'host',
    kind: 'request',
    fields: [['index', 'u16']],
  },
  /** makes a model the one that all else is about, its state as at start. */
  choose: {
    code: 148,
    from: 'host',
    kind: 'request',
    fields: [['index', 'u8']],
  },
  /** puts bytes into the inputs, which lie one after another. */
  write: {
    code: 149,
    from: 'host',
    kind: 'send',
    fields: [
      ['offset', 'u32'],
      ['bytes', 'rest'],
    ],
  },
  /** asks for data: bytes of the outputs, which lie one after another. */
  read: {
    code: 150,
    from: 'host',
    kind: 'request',
    fields: [
      ['offset', 'u32'],
      ['count', 'u16'],
    ],
  },
  /** asks for ran; flags: 1 marks the window, 2 marks every layer, 4 times layers. */
  run: {
    code: 151,
    from: 'host',
    kind: 'request',
    fields: [
      ['iterations', 'u32'],
      ['warmups', 'u32'],
      ['flags', 'u8'],
    ],
  },
  /** sets the chosen model's state as at start. */
  reset: {
    code: 152,
    from: 'host',
    kind: 'request',
    fields: [],
  },
  /** sets the marker pin. */
  mark: {
    code: 153,
    from: 'host',
    kind: 'request',
    fields: [['level', 'u8']],
  },
  /** asks for counts of the session. */
  count: {
    code: 154,
    from: 'host',
    kind: 'request',
    fields: [],
  },
  /** spots words; source: 0 stops, 1 audio of this link, 2 the board's microphone; threshold in 1/255 for all words, 0 for the image's own. */
  listen: {
    code: 155,
    from: 'host',
    kind: 'request',
    fields: [
      ['source', 'u8'],
      ['threshold', 'u8'],
    ],
  },
  /** samples at 16 kHz, int16; position: number of the first since listen. */
  audio: {
    code: 156,
    from: 'host',
    kind: 'send',
    fields: [
      ['position', 'u32'],
      ['samples', 'rest'],
    ],
  },
  /** bytes of Firmata. */
  firmata: {
    code: 157,
    from: 'both',
    kind: 'send',
    fields: [['bytes', 'rest']],
  },
  /** restarts into the bootloader where the board can. */
  bootloader: {
    code: 158,
    from: 'host',
    kind: 'request',
    fields: [],
  },
  /** what runs here; features: 1 microphone, 2 spots words; text: board, vendor, build flags, one a line. */
  board: {
    code: 192,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['clockHz', 'u32'],
      ['ticksHz', 'u32'],
      ['features', 'u8'],
      ['models', 'u8'],
      ['chosen', 'u8'],
      ['text', 'text'],
    ],
  },
  /** a model; hash: the first 8 bytes of the SHA-256 of its C. */
  model: {
    code: 193,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['index', 'u8'],
      ['inputs', 'u8'],
      ['outputs', 'u8'],
      ['layers', 'u16'],
      ['arenaBytes', 'u32'],
      ['hash', 'u64'],
      ['name', 'text'],
    ],
  },
  /** an input or output; dtype: 0 float32, 1 int8, 2 uint8, 3 int16, 4 int32. */
  tensor: {
    code: 194,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['dtype', 'u8'],
      ['byteCount', 'u32'],
      ['scale', 'f64'],
      ['zeroPoint', 'i32'],
      ['name', 'text'],
    ],
  },
  /** a layer; ticks of all iterations together. */
  layer: {
    code: 195,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['index', 'u16'],
      ['ticks', 'u64'],
    ],
  },
  /** a request was carried out. */
  done: {
    code: 196,
    from: 'device',
    kind: 'response',
    fields: [['request', 'u8']],
  },
  /** bytes that were asked for. */
  data: {
    code: 197,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['offset', 'u32'],
      ['bytes', 'rest'],
    ],
  },
  /** the iterations that were run, and the ticks that they took. */
  ran: {
    code: 198,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['iterations', 'u32'],
      ['ticks', 'u64'],
    ],
  },
  /** frames since hello: damaged, out of turn, events that found no room; samples of the microphone that nobody took. */
  counts: {
    code: 199,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['damaged', 'u32'],
      ['outOfTurn', 'u32'],
      ['dropped', 'u32'],
      ['lostSamples', 'u32'],
    ],
  },
  /** a request was not carried out. */
  fail: {
    code: 200,
    from: 'device',
    kind: 'response',
    fields: [
      ['request', 'u8'],
      ['text', 'text'],
    ],
  },
  /** a word was spotted; position: samples that were heard. */
  word: {
    code: 208,
    from: 'device',
    kind: 'event',
    fields: [
      ['label', 'u8'],
      ['position', 'u32'],
      ['score', 'f64'],
      ['text', 'text'],
    ],
  },
  /** audio did not follow what came before: samples that are missing. */
  gap: {
    code: 209,
    from: 'device',
    kind: 'event',
    fields: [
      ['position', 'u32'],
      ['samples', 'u32'],
    ],
  },
  /** text for people. */
  log: {
    code: 210,
    from: 'device',
    kind: 'event',
    fields: [['text', 'text']],
  },
} as const
