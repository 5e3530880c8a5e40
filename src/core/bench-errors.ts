/** Rows of the table of errors: meters and devices at the end of a port. */
export const benchErrors = {
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
} as const
