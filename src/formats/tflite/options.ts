/** How an option's value is stored and what it becomes: see `readOptions` and `writeOptions`. */
type OptionKind = 'int' | 'bool' | 'float' | 'ints' | 'text' | 'type' | 'activation' | 'padding' | 'mirror' | 'subgraph'

/** One field of an options table: name of the attribute, number of the field, the schema's default. */
export interface Option {
  readonly name: string
  readonly field: number
  readonly kind: OptionKind
  readonly fallback: number
}

/** An options table: its number in the union, its fields. */
interface OptionsTable {
  readonly type: number
  readonly options: readonly Option[]
}

/** `strideW:1`, `adjX:0:bool`, `dilationW:4:int:1`: name, field number, kind (int), default (0). */
function option(text: string): Option {
  const [name, field, kind, fallback] = text.split(':')
  return { name: name!, field: Number(field), kind: (kind ?? 'int') as OptionKind, fallback: Number(fallback ?? 0) }
}

function table(type: number, fields = ''): OptionsTable {
  return { type, options: fields === '' ? [] : fields.split(' ').map(option) }
}

const activation = (field: number): string => `activation:${field}:activation`
const pool = table(5, `padding:0:padding strideW:1 strideH:2 filterW:3 filterH:4 ${activation(5)}`)
const reducer = table(27, 'keepDims:0:bool')
const minMax = table(39)

/** Options of the operators that have any, by operator; numbers from the public schema. */
export const optionsTables: Readonly<Record<string, OptionsTable>> = {
  conv_2d: table(1, `padding:0:padding strideW:1 strideH:2 ${activation(3)} dilationW:4:int:1 dilationH:5:int:1`),
  depthwise_conv_2d: table(
    2,
    `padding:0:padding strideW:1 strideH:2 depthMultiplier:3 ${activation(4)} dilationW:5:int:1 dilationH:6:int:1`,
  ),
  average_pool_2d: pool,
  max_pool_2d: pool,
  l2_pool_2d: pool,
  svdf: table(6, `rank:0 ${activation(1)} asymmetricQuantizeInputs:2:bool`),
  rnn: table(7, `${activation(0)} asymmetricQuantizeInputs:1:bool`),
  fully_connected: table(8, `${activation(0)} weightsFormat:1 keepNumDims:2:bool asymmetricQuantizeInputs:3:bool`),
  softmax: table(9, 'beta:0:float'),
  concatenation: table(10, `axis:0 ${activation(1)}`),
  add: table(11, `${activation(0)} potScaleInt16:1:bool:1`),
  l2_normalization: table(12, activation(0)),
  local_response_normalization: table(13, 'radius:0 bias:1:float alpha:2:float beta:3:float'),
  lstm: table(
    14,
    `${activation(0)} cellClip:1:float projClip:2:float kernelType:3:bool asymmetricQuantizeInputs:4:bool`,
  ),
  resize_bilinear: table(15, 'alignCorners:2:bool halfPixelCenters:3:bool'),
  call: table(16, 'subgraph:0:subgraph'),
  reshape: table(17, 'newShape:0:ints'),
  space_to_depth: table(19, 'blockSize:0'),
  mul: table(21, activation(0)),
  pad: table(22),
  gather: table(23, 'axis:0 batchDims:1'),
  batch_to_space_nd: table(24),
  space_to_batch_nd: table(25),
  transpose: table(26),
  mean: reducer,
  sum: reducer,
  reduce_max: reducer,
  reduce_min: reducer,
  reduce_prod: reducer,
  reduce_any: reducer,
  reduce_all: reducer,
  sub: table(28, `${activation(0)} potScaleInt16:1:bool:1`),
  div: table(29, activation(0)),
  squeeze: table(30, 'squeezeDims:0:ints'),
  unidirectional_sequence_rnn: table(31, `timeMajor:0:bool ${activation(1)} asymmetricQuantizeInputs:2:bool`),
  strided_slice: table(32, 'beginMask:0 endMask:1 ellipsisMask:2 newAxisMask:3 shrinkAxisMask:4 offset:5:bool'),
  exp: table(33),
  topk_v2: table(34),
  split: table(35, 'numSplits:0'),
  log_softmax: table(36),
  cast: table(37, 'inDataType:0:type outDataType:1:type'),
  dequantize: table(38),
  maximum: minMax,
  minimum: minMax,
  arg_max: table(40, 'outputType:0:type'),
  less: table(41),
  neg: table(42),
  padv2: table(43),
  greater: table(44),
  greater_equal: table(45),
  less_equal: table(46),
  select: table(47),
  slice: table(48),
  transpose_conv: table(49, `padding:0:padding strideW:1 strideH:2 ${activation(3)}`),
  tile: table(51),
  expand_dims: table(52),
  equal: table(53),
  not_equal: table(54),
  shape: table(55, 'outType:0:type'),
  pow: table(56),
  arg_min: table(57, 'outputType:0:type'),
  fake_quant: table(58, 'min:0:float max:1:float numBits:2 narrowRange:3:bool'),
  pack: table(59, 'valuesCount:0 axis:1'),
  logical_or: table(60),
  one_hot: table(61, 'axis:0'),
  logical_and: table(62),
  logical_not: table(63),
  unpack: table(64, 'num:0 axis:1'),
  floor_div: table(65),
  square: table(66),
  zeros_like: table(67),
  fill: table(68),
  unidirectional_sequence_lstm: table(
    71,
    `${activation(0)} cellClip:1:float projClip:2:float timeMajor:3:bool asymmetricQuantizeInputs:4:bool diagonalRecurrentTensors:5:bool`,
  ),
  floor_mod: table(72),
  resize_nearest_neighbor: table(74, 'alignCorners:0:bool halfPixelCenters:1:bool'),
  leaky_relu: table(75, 'alpha:0:float'),
  squared_difference: table(76),
  mirror_pad: table(77, 'mode:0:mirror'),
  abs: table(78),
  split_v: table(79, 'numSplits:0'),
  reverse_v2: table(81),
  add_n: table(82),
  gather_nd: table(83),
  cos: table(84),
  rank: table(86),
  quantize: table(89),
  hard_swish: table(91),
  if: table(92, 'thenSubgraph:0:subgraph elseSubgraph:1:subgraph'),
  while: table(93, 'condSubgraph:0:subgraph bodySubgraph:1:subgraph'),
  depth_to_space: table(94, 'blockSize:0'),
  select_v2: table(98),
  batch_matmul: table(101, 'adjX:0:bool adjY:1:bool asymmetricQuantizeInputs:2:bool'),
  cumsum: table(102, 'exclusive:0:bool reverse:1:bool'),
  call_once: table(103, 'initSubgraph:0:subgraph'),
  broadcast_to: table(104),
  var_handle: table(111, 'container:0:text sharedName:1:text'),
  read_variable: table(112),
  assign_variable: table(113),
  gelu: table(116, 'approximate:0:bool'),
}

/** TFLite's fused activations by number (ActivationFunctionType). */
export const activations = ['none', 'relu', 'relu_n1_to_1', 'relu6', 'tanh', 'sign_bit'] as const
