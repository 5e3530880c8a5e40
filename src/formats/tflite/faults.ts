/** The file points outside itself: it was cut, or an offset or length is wrong. */
export class OutsideFile extends RangeError {}

/** The bytes are no TFLite model, or use a part of the format that milliwatt does not read. */
export class NotTflite extends RangeError {}

/** The model is readable but breaks a rule. */
export class IllegalModel extends RangeError {}
