/** No tensor of a readable model has more elements: TFLite and ONNX runtimes count them in 32 bits. */
export const maxElements: number = 2 ** 31 - 1

/** Nor more dimensions. */
export const maxRank = 32

/** Most elements of one tensor that engines in this process run, 256 Mi: beyond, memory would be gone before time is. */
export const maxRunElements: number = 2 ** 28
