/** Rows of the table of errors: engines, plans, firmware, files and the command line. */
export const workErrors = {
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
