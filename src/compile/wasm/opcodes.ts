/** One-byte instructions without immediates (WebAssembly spec, "Index of Instructions"). */
const plain = {
  drop: 0x1a,
  select: 0x1b,
  return: 0x0f,
  unreachable: 0x00,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_s': 0x4a,
  'i32.gt_u': 0x4b,
  'i32.le_s': 0x4c,
  'i32.le_u': 0x4d,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'i64.eqz': 0x50,
  'i64.eq': 0x51,
  'i64.lt_s': 0x53,
  'i64.gt_s': 0x55,
  'i64.le_s': 0x57,
  'i64.ge_s': 0x59,
  'f32.lt': 0x5d,
  'f32.gt': 0x5e,
  'f64.lt': 0x63,
  'f64.gt': 0x64,
  'i32.clz': 0x67,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_s': 0x6d,
  'i32.div_u': 0x6e,
  'i32.rem_s': 0x6f,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'i64.add': 0x7c,
  'i64.sub': 0x7d,
  'i64.mul': 0x7e,
  'i64.div_s': 0x7f,
  'i64.and': 0x83,
  'i64.or': 0x84,
  'i64.xor': 0x85,
  'i64.shl': 0x86,
  'i64.shr_s': 0x87,
  'i64.shr_u': 0x88,
  'f32.abs': 0x8b,
  'f32.neg': 0x8c,
  'f32.ceil': 0x8d,
  'f32.floor': 0x8e,
  'f32.trunc': 0x8f,
  'f32.nearest': 0x90,
  'f32.sqrt': 0x91,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'f32.div': 0x95,
  'f32.min': 0x96,
  'f32.max': 0x97,
  'f64.add': 0xa0,
  'f64.sub': 0xa1,
  'f64.mul': 0xa2,
  'f64.div': 0xa3,
  'f64.nearest': 0x9e,
  'i32.wrap_i64': 0xa7,
  'i32.trunc_f32_s': 0xa8,
  'i32.trunc_f64_s': 0xaa,
  'i64.extend_i32_s': 0xac,
  'i64.extend_i32_u': 0xad,
  'f32.convert_i32_s': 0xb2,
  'f32.demote_f64': 0xb6,
  'f64.convert_i32_s': 0xb7,
  'f64.promote_f32': 0xbb,
  'i32.reinterpret_f32': 0xbc,
  'f32.reinterpret_i32': 0xbe,
  'f64.reinterpret_i64': 0xbf,
  'i64.trunc_f64_s': 0xb0,
} as const

/** Loads and stores of scalars. */
const memory = {
  'i32.load': 0x28,
  'i64.load': 0x29,
  'f32.load': 0x2a,
  'f64.load': 0x2b,
  'i32.load8_s': 0x2c,
  'i32.load8_u': 0x2d,
  'i32.load16_s': 0x2e,
  'i32.load16_u': 0x2f,
  'i32.store': 0x36,
  'i64.store': 0x37,
  'f32.store': 0x38,
  'f64.store': 0x39,
  'i32.store8': 0x3a,
  'i32.store16': 0x3b,
  'i64.store8': 0x3c,
} as const

/** Vector instructions without immediates, behind the prefix 0xfd; from 0x100 on relaxed SIMD. */
const vectors = {
  'i8x16.swizzle': 0x0e,
  'i8x16.splat': 0x0f,
  'i16x8.splat': 0x10,
  'i32x4.splat': 0x11,
  'i64x2.splat': 0x12,
  'f32x4.splat': 0x13,
  'i32x4.lt_s': 0x39,
  'i32x4.gt_s': 0x3b,
  'v128.not': 0x4d,
  'v128.and': 0x4e,
  'v128.andnot': 0x4f,
  'v128.or': 0x50,
  'v128.xor': 0x51,
  'v128.bitselect': 0x52,
  'i8x16.narrow_i16x8_s': 0x65,
  'i8x16.narrow_i16x8_u': 0x66,
  'f32x4.nearest': 0x6a,
  'i8x16.add': 0x6e,
  'i8x16.sub': 0x71,
  'i8x16.min_s': 0x76,
  'i8x16.min_u': 0x77,
  'i8x16.max_s': 0x78,
  'i8x16.max_u': 0x79,
  'i16x8.narrow_i32x4_s': 0x85,
  'i16x8.extend_low_i8x16_s': 0x87,
  'i16x8.extend_high_i8x16_s': 0x88,
  'i16x8.extend_low_i8x16_u': 0x89,
  'i16x8.extend_high_i8x16_u': 0x8a,
  'i16x8.add': 0x8e,
  'i16x8.add_sat_s': 0x8f,
  'i16x8.sub': 0x91,
  'i16x8.mul': 0x95,
  'i16x8.min_s': 0x96,
  'i16x8.max_s': 0x98,
  'i32x4.extend_low_i16x8_s': 0xa7,
  'i32x4.extend_high_i16x8_s': 0xa8,
  'i32x4.shl': 0xab,
  'i32x4.shr_s': 0xac,
  'i32x4.shr_u': 0xad,
  'i32x4.add': 0xae,
  'i32x4.sub': 0xb1,
  'i32x4.mul': 0xb5,
  'i32x4.min_s': 0xb6,
  'i32x4.max_s': 0xb8,
  'i32x4.dot_i16x8_s': 0xba,
  'f32x4.add': 0xe4,
  'f32x4.sub': 0xe5,
  'f32x4.mul': 0xe6,
  'f32x4.div': 0xe7,
  'f32x4.min': 0xe8,
  'f32x4.max': 0xe9,
  'f32x4.pmin': 0xea,
  'f32x4.pmax': 0xeb,
  'i32x4.trunc_sat_f32x4_s': 0xf8,
  'f32x4.convert_i32x4_s': 0xfa,
  'f64x2.add': 0xf0,
  'f64x2.mul': 0xf2,
  'f64x2.convert_low_i32x4_s': 0xfe,
  'f32x4.relaxed_madd': 0x105,
  'i32x4.relaxed_dot_i8x16_i7x16_add_s': 0x113,
} as const

/** Loads and stores of vectors. */
const vectorMemory = {
  'v128.load': 0x00,
  'v128.load8x8_s': 0x01,
  'v128.load8x8_u': 0x02,
  'v128.load16x4_s': 0x03,
  'v128.load8_splat': 0x07,
  'v128.load16_splat': 0x08,
  'v128.load32_splat': 0x09,
  'v128.load64_splat': 0x0a,
  'v128.store': 0x0b,
  'v128.load32_zero': 0x5c,
  'v128.load64_zero': 0x5d,
} as const

/** Stores of one lane. */
const laneMemory = {
  'v128.store8_lane': 0x58,
  'v128.store16_lane': 0x59,
  'v128.store32_lane': 0x5a,
  'v128.store64_lane': 0x5b,
} as const

/** Lane accesses. */
const lanes = {
  'i8x16.extract_lane_s': 0x15,
  'i16x8.extract_lane_s': 0x18,
  'i32x4.extract_lane': 0x1b,
  'i32x4.replace_lane': 0x1c,
  'i64x2.extract_lane': 0x1d,
  'f32x4.extract_lane': 0x1f,
} as const

/** Instruction that only touches the stack. */
export type Plain = keyof typeof plain | keyof typeof vectors
/** Instruction with a memory offset. */
export type Access = keyof typeof memory | keyof typeof vectorMemory
/** Store of one lane with a memory offset. */
export type LaneStore = keyof typeof laneMemory
/** Instruction with a lane index. */
export type Lane = keyof typeof lanes

const plainTable: Readonly<Record<string, number>> = plain
const memoryTable: Readonly<Record<string, number>> = memory
/** Opcodes with the prefix 0xfd by name. */
const prefixed: Readonly<Record<string, number>> = { ...vectors, ...vectorMemory, ...laneMemory, ...lanes }

/** Opcode by name: one byte, or one behind the vector prefix. */
export function opcodeOf(name: Plain | Access | LaneStore | Lane): { readonly code: number; readonly vector: boolean } {
  const code = plainTable[name] ?? memoryTable[name]
  return code === undefined ? { code: prefixed[name]!, vector: true } : { code, vector: false }
}
