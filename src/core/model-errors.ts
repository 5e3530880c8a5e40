/** Rows of the table of errors: models, the data for them, and sound. */
export const modelErrors = {
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
} as const
