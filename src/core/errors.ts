/**
 * Every error that a user can meet, by code: what happened and what to do next. The README lists this
 * table and a test keeps both equal. `{where}` is filled in by the thrower, `{detail}` if there is one.
 */
export const errorTable = {
  MODEL_NO_CLASSES: {
    what: 'The net does not tell classes by a softmax, so it gets no class more.',
    next: 'Take a variant that ends in a softmax over one row and has pointwise convolutions, as those of kws.',
  },
  MODEL_NOT_FOUND: {
    what: 'There is no model at this path.',
    next: 'Give the path of an .onnx or .tflite file, of a folder with a card.json, or the name of a catalogue model such as "kws".',
  },
  MODEL_TRUNCATED: {
    what: 'The model file ends in the middle of its data.',
    next: 'Copy or export it again and compare its size and SHA-256 with the original.',
  },
  MODEL_NOT_A_MODEL: {
    what: 'The file is not a model in a format that milliwatt reads.',
    next: 'milliwatt reads ONNX and TFLite. Check that the path is right and that the download was not an error page.',
  },
  MODEL_ILLEGAL: {
    what: 'The model is readable but not a legal graph.',
    next: 'Export it again; the detail names the node or tensor that breaks the rule.',
  },
  MODEL_DATA: {
    what: 'A file that holds the weights of the model (external data) cannot be used.',
    next: "Put the file that the detail names beside the model; nothing outside the model's folder is read.",
  },
  MODEL_DISPOSED: {
    what: 'The model was disposed of.',
    next: 'Load it again.',
  },
  OP_UNSUPPORTED: {
    what: 'The model uses an operator, or a form of one, that this engine or format has not got.',
    next: 'Choose another backend or format for this model; the detail names the operator.',
  },
  CARD_INVALID: {
    what: 'The catalogue card (card.json) does not follow its schema.',
    next: 'Correct the field that the detail names; models/README.md tells every field.',
  },
  VARIANT_MISMATCH: {
    what: 'A variant file does not match its card.',
    next: 'Run "npm run gen" after training again, or restore the file that the card describes.',
  },
  VARIANT_UNKNOWN: {
    what: 'The catalogue has no variant of this name.',
    next: 'Take one of the names in the detail.',
  },
  QUANTIZE_INPUT: {
    what: 'The model cannot be quantised as it is.',
    next: 'Give the float model (.onnx or .tflite) that it was made from.',
  },
  CALIBRATION_DATA: {
    what: 'The calibration data cannot be used.',
    next: 'Give a folder of WAV or FLAC files for a model with a card, of .npy or .bin tensors for any other, or --data-free.',
  },
  INPUT_SHAPE: {
    what: 'The input does not have the type or length that the model wants.',
    next: 'Pass a tensor of the type and the number of elements that the detail names.',
  },
  INPUT_NOT_FOUND: {
    what: 'There is no input file at this path.',
    next: "Give the path of a file that holds input tensors one after another, in the model's own type.",
  },
  OUTPUT_WRITE: {
    what: 'The output file cannot be written.',
    next: 'Free space or give a path in a writable folder.',
  },
  CLIP_NOT_FOUND: {
    what: 'There is no audio file or folder at this path.',
    next: 'Give a WAV or FLAC file, a folder of them, or "-" for raw PCM on standard input.',
  },
  CLIP_EMPTY: {
    what: 'The audio holds no samples.',
    next: 'Record it again, or leave this file out.',
  },
  CLIP_NOT_AUDIO: {
    what: 'The file is not audio that milliwatt reads, or it is damaged.',
    next: 'Use WAV (PCM or float) or FLAC.',
  },
  CLIP_BAD_RATE: {
    what: 'The audio has a sample rate that cannot be right.',
    next: 'Repair the header, or pass raw PCM on standard input with --rate.',
  },
  MICROPHONE_NOT_FOUND: {
    what: 'There is no microphone that milliwatt can listen to.',
    next: 'Plug one in and look for it with "arecord -L"; install alsa-utils (or sox, ffmpeg, "npm i @picovoice/pvrecorder-node"), or give a file.',
  },
  MICROPHONE_PERMISSION: {
    what: 'The microphone is there but this user may not listen to it.',
    next: 'On Linux add the user to the group audio (sudo usermod -aG audio $USER) and log in again; on a Mac allow the terminal in the privacy settings.',
  },
  MICROPHONE_LOST: {
    what: 'The microphone went away while it was listened to.',
    next: 'Plug it in again and repeat; the report up to here is kept.',
  },
  MICROPHONE_RATE: {
    what: 'The microphone does not give the sample rate that was asked for.',
    next: 'Name a device that converts rates (--device default or plughw:0 instead of hw:0).',
  },
  ENROL_RECORDINGS: {
    what: 'No word can be learned from these recordings.',
    next: 'Give five different recordings of the same word, each said a little differently.',
  },
  ENROL_CLIP: {
    what: 'The recording holds no word that can be learned.',
    next: 'Record it again: the word alone, 0.3 to 1.2 s long, in a quiet place, neither cut off nor overdriven.',
  },
  ENROL_WORD: {
    what: 'This word cannot be added to the model.',
    next: 'Choose another word, or another model.',
  },
  ENROL_OTHERS: {
    what: 'The model comes without the examples of other speech that a new word is told from.',
    next: 'Take a model whose card names them (others), such as kws, or make them: models/kws/train/others.mjs.',
  },
  VALIDATION_DATA: {
    what: 'The validation audio cannot set thresholds.',
    next: 'Give a folder with a manifest.csv (path, split, kind, label, kw_start, kw_end) that holds clips of every keyword of the card, and speech or words without any.',
  },
  METER_UNKNOWN: {
    what: 'There is no meter driver of this name.',
    next: 'Take one of the names in the detail, as DRIVER or DRIVER:PATH.',
  },
  METER_NOT_FOUND: {
    what: 'No meter answers at this path: it does not exist.',
    next: 'Plug the meter in and run "milliwatt meters" to see what is here, or use --meter emulated.',
  },
  METER_BUSY: {
    what: 'The port is held by another program.',
    next: 'Close the other program (the Power Profiler app, a serial monitor, another milliwatt) and run again.',
  },
  METER_PERMISSION: {
    what: 'The port or sensor exists but this user may not open it.',
    next: 'Run the command that the detail names; for a serial port on Linux add the user to the group that owns it (sudo usermod -aG dialout $USER) and log in again.',
  },
  METER_WRONG: {
    what: 'What answers at this port is not the meter that was asked for.',
    next: 'Check the path with "milliwatt meters"; a PPK2 shows two ports, and the data port is the lower one.',
  },
  METER_CALIBRATION: {
    what: "The meter's calibration constants are not plausible.",
    next: 'Read them again after a power cycle; if they stay so, the EEPROM is damaged and its figures cannot be trusted.',
  },
  METER_LOST: {
    what: 'The meter went away during the measurement.',
    next: 'Plug it in again and repeat; what was recorded so far is kept and marked incomplete.',
  },
  METER_FAULT: {
    what: 'The meter reports a fault of its own.',
    next: 'Check supply, range and wiring for what the detail says, then measure again; what was recorded so far is kept.',
  },
  METER_REFUSED: {
    what: 'The meter refuses a setting.',
    next: 'Choose another value, or bring its firmware up to date; the detail holds its own words.',
  },
  DEVICE_NOT_FOUND: {
    what: 'There is no serial port at this path.',
    next: 'Plug the device in and give its port; on Linux /dev/serial/by-id lists what is there.',
  },
  BOARD_LACKS_MODEL: {
    what: 'The firmware on the board does not hold this model.',
    next: 'Flash a firmware that does ("milliwatt flash", with the same version of milliwatt), or run one of the models that it holds.',
  },
  BOARD_UNKNOWN: {
    what: 'No device of this name is here.',
    next: 'Name a device that "milliwatt devices" shows, an emulated board (qemu-m4), or the serial port of a board.',
  },
  EMULATOR_MISSING: {
    what: 'The emulator of this board is not installed.',
    next: 'Install it (Debian: apt-get install qemu-system-arm), or name it in the variable MILLIWATT_QEMU_ARM.',
  },
  PTY_MISSING: {
    what: 'A pseudo terminal cannot be made.',
    next: 'Install socat (Debian: apt-get install socat); it makes the ports that other programs open.',
  },
  DEVICE_SILENT: {
    what: 'The device does not answer.',
    next: 'Check power, cable and firmware, and its baud rate (--baud: 115200, in energy mode 9600); reset the device if an earlier run was cut off.',
  },
  DEVICE_LOST: {
    what: 'The device went away.',
    next: 'Plug it in again and repeat; nothing of the window that was cut off counts.',
  },
  DEVICE_RESTARTED: {
    what: 'The device started anew in the middle of a run.',
    next: 'Look for a weak supply, a watchdog or a stack overflow, then repeat; nothing of the window that was cut off counts.',
  },
  DEVICE_REFUSED: {
    what: 'The device refuses a command.',
    next: "Do what its own words in the detail ask for; another model's inputs have another size.",
  },
  DEVICE_ANSWER: {
    what: 'The answer of the device is damaged or not whole.',
    next: 'Repeat; if it stays so, lower the baud rate or look for a firmware that does not follow the protocol. The detail names what is missing.',
  },
  LABELS_INVALID: {
    what: 'The list of labels cannot be used.',
    next: 'Write one line an input into y_labels.csv: file,classes,class and for windows of a longer recording bytes,stride.',
  },
  PACKAGE_MISSING: {
    what: 'An optional npm package that this needs is not installed.',
    next: 'Install it with the command that the detail names; nothing else needs it.',
  },
  BACKEND_UNKNOWN: {
    what: 'There is no backend of this name.',
    next: 'Take one of the names in the detail.',
  },
  BACKEND_UNAVAILABLE: {
    what: 'The backend cannot be used on this machine.',
    next: 'Install what the detail names, or choose another backend.',
  },
  BACKEND_FAILED: {
    what: 'The backend failed to prepare or to run the model.',
    next: 'Choose another backend with --backend; the detail holds its own message.',
  },
  BACKEND_LACKS: {
    what: 'The backend that runs the model does not offer this.',
    next: 'Do what the detail names, or load the model on another backend.',
  },
  CUT_ILLEGAL: {
    what: 'The model cannot be cut like this.',
    next: 'Keep the nodes that the detail names together at one place.',
  },
  FALLBACK_REFUSED: {
    what: 'The accelerator does not take the model, and nothing runs on the processor in its place unsaid.',
    next: 'Split the model between devices, allow the fallback where only some nodes stay behind, or choose another device; the detail names the nodes.',
  },
  GOAL_NOT_MET: {
    what: 'No variant on this machine meets the goal.',
    next: 'Relax the limit that the detail names.',
  },
  GOAL_INVALID: {
    what: 'The goal holds a value that makes no sense.',
    next: 'Correct the value that the detail names.',
  },
  TARGET_UNKNOWN: {
    what: 'There is no target of this name.',
    next: 'Take one of the names that the detail lists; targets/README.md tells how to add one.',
  },
  TARGET_INVALID: {
    what: 'A target file does not follow its schema.',
    next: 'Correct the field that the detail names; targets/README.md tells every field with its unit.',
  },
  FIRMWARE_BUILD: {
    what: 'Firmware cannot be built.',
    next: 'Install the compiler (Debian: gcc-arm-none-eabi libnewlib-arm-none-eabi), or correct what it complains about.',
  },
  IMAGE_NOT_FOUND: {
    what: 'There is no firmware image here.',
    next: 'Give the path of a .uf2, .hex, .bin or .elf file, or a board that the detail names.',
  },
  IMAGE_INVALID: {
    what: 'The firmware image is damaged, or in no format that milliwatt reads.',
    next: 'Build or copy it again and compare its size; nothing was written.',
  },
  IMAGE_WRONG_BOARD: {
    what: 'The firmware image is not for this board.',
    next: 'Take the image of this board, or name the board that is plugged in; nothing was written.',
  },
  FLASH_UNAVAILABLE: {
    what: 'The board cannot be flashed in this way.',
    next: 'Do what the detail names, or choose another way with --with; "milliwatt flash --list" shows them. Nothing was written.',
  },
  BOOTLOADER_SILENT: {
    what: "The board's bootloader does not answer.",
    next: 'Bring the board into its bootloader as the detail says and run the same command again; nothing was written.',
  },
  FLASH_BROKEN: {
    what: 'Flashing broke off: the board holds no whole image.',
    next: 'Bring the board into its bootloader as the detail says and run the same command again; until then it does not start.',
  },
  FLASH_DIFFERS: {
    what: 'What the board holds is not the image.',
    next: 'Run the same command again; if it stays so, look for a weak supply, a write protection or worn flash.',
  },
  FLASH_UNCHECKED: {
    what: 'The image was written, but what the board holds was not compared with it.',
    next: 'Run the same command again, or start the board and see.',
  },
  FLASH_NOT_STARTED: {
    what: 'The image is on the board, but was not started.',
    next: 'Reset the board, or unplug it and plug it in again.',
  },
  FLASH_INTERRUPTED: {
    what: 'Flashing was stopped by the user.',
    next: 'Run the same command again when it suits; the detail says what the board holds until then.',
  },
  TRACE_DISK_FULL: {
    what: 'The disk is full; the power trace stops here.',
    next: 'Free space or choose another --out folder. The run goes on and the trace so far is kept.',
  },
  TRACE_WRITE: {
    what: 'The power trace cannot be written.',
    next: 'Choose a writable folder with --out.',
  },
  TRACE_NOT_FOUND: {
    what: 'There is no trace at this path.',
    next: 'Give a recording, a converted trace, or a result folder of MLPerf Tiny.',
  },
  TRACE_INVALID: {
    what: 'This is not a power trace that milliwatt reads.',
    next: '"milliwatt trace --help" lists the formats; for a recording of a newer milliwatt, update this one.',
  },
  TRACE_SUPPLY: {
    what: 'The trace holds current only, so its power needs the supply voltage.',
    next: 'State the supply with --supply-v; it must be what the device really had.',
  },
  RECORD_INVALID: {
    what: 'The file is not an energy record that milliwatt reads.',
    next: 'Make one with "milliwatt energy measure MODEL -o FILE"; schemas/energy-record.schema.json tells every field.',
  },
  REPORT_WRITE: {
    what: 'The report cannot be written.',
    next: 'Free space or choose a writable folder with --out; with --json the report goes to standard output.',
  },
  INTERRUPTED: {
    what: 'The run was stopped by the user.',
    next: 'Run it again when it suits; what was recorded so far is kept.',
  },
  USAGE: {
    what: 'The command line is not understood.',
    next: 'Run the command with --help.',
  },
  WEB_ADDRESS: {
    what: 'The page cannot be served at this address.',
    next: 'Take another --port, or 0 for any free one.',
  },
} as const

/** Code of an error that a user can meet. */
export type ErrorCode = keyof typeof errorTable

/**
 * The one error class. Its message says what, where and what next; `code` is stable for scripts.
 * @param code row of the error table
 * @param where path, port, node or option that the error is about
 * @param detail what exactly was wrong, in the user's terms
 */
export class MilliwattError extends Error {
  readonly code: ErrorCode
  readonly where: string
  readonly detail: string | undefined
  readonly next: string

  constructor(code: ErrorCode, where: string, detail?: string, cause?: unknown) {
    const row = errorTable[code]
    super(`${where}: ${row.what}${detail ? ` ${detail}` : ''} Next: ${row.next}`, cause === undefined ? {} : { cause })
    this.name = 'MilliwattError'
    this.code = code
    this.where = where
    this.detail = detail
    this.next = row.next
  }
}

/** Tells whether a caught value is a MilliwattError, of this code if one is given. */
export function isMilliwattError(value: unknown, code?: ErrorCode): value is MilliwattError {
  return value instanceof MilliwattError && (code === undefined || value.code === code)
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
