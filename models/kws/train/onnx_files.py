"""Writes the nets as ONNX: opset 13, IR 8, static shapes. Outputs: `scores`, of a net with an early exit `early` too."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT, OUTPUTS = "features", ["scores", "early"]


def finish(path, name, nodes, constants, exits):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 1, 74, 10])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 8]) for output in OUTPUTS[:exits]],
        [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="milliwatt-kws")
    model.ir_version = 8
    model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def conv_attributes(layer):
    high, wide = layer.weight.shape[2:]
    top, left = layer.pad
    return dict(
        kernel_shape=[high, wide], strides=list(layer.stride), pads=[top, left, top, left],
        dilations=[1, 1], group=layer.groups,
    )


def conv_name(i):
    return "first" if i == 0 else f"block{(i + 1) // 2}_{'depthwise' if i % 2 else 'pointwise'}"


class Writer:
    """Collects nodes and constants of a net. This one writes floats."""

    def __init__(self, net):
        self.net, self.nodes, self.constants = net, [], {}

    def add(self, op, inputs, output, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name, **attributes))

    def rounded(self, tensor, key):
        """What stands for a tensor where it is read."""
        return tensor

    def parameters(self, layer, index, label, key):
        """Names of a layer's weight and bias; `key` is the range of its input."""
        self.constants[f"{label}_weight"], self.constants[f"{label}_bias"] = layer.weight.numpy(), layer.bias.numpy()
        return [f"{label}_weight", f"{label}_bias"]

    def write(self, path, name):
        at, key, ends = self.rounded(INPUT, "input"), "input", {}
        for i, layer in enumerate(self.net.layers):
            label = conv_name(i)
            inputs = [at, *self.parameters(layer, i, label, key)]
            self.add("Conv", inputs, f"{label}_sum", label, **conv_attributes(layer))
            self.add("Relu", [f"{label}_sum"], f"{label}_out", f"{label}_relu")
            at, key = self.rounded(f"{label}_out", i), i
            ends[i + 1] = at
        for exit, (count, dense) in reversed(list(enumerate(self.net.heads))):
            self.head(exit, dense, ends[count])
        finish(path, name, self.nodes, self.constants, len(self.net.heads))

    def head(self, exit, dense, at):
        start = "early_" if exit else ""
        self.add("GlobalAveragePool", [at], f"{start}pooled", f"{start}pool")
        pooled = self.rounded(f"{start}pooled", ("pooled", exit))
        self.add("Flatten", [pooled], f"{start}flat", f"{start}flatten", axis=1)
        flat = self.rounded(f"{start}flat", ("pooled", exit))
        inputs = [flat, *self.parameters(dense, len(self.net.layers) + exit, f"{start}dense", ("pooled", exit))]
        self.add("Gemm", inputs, f"{start}logits", f"{start}dense", transB=1)
        self.add("Softmax", [self.rounded(f"{start}logits", ("scores", exit))], OUTPUTS[exit], f"{start}softmax", axis=1)


class Int8Writer(Writer):
    """Writes 8 bit weights, and rounds every tensor to 8 bit and back (QDQ)."""

    def __init__(self, quantised):
        super().__init__(quantised.net)
        self.quantised = quantised

    def rounded(self, tensor, key):
        grid = self.quantised.ranges[key]
        scale, zero = f"{tensor}_scale", f"{tensor}_zero"
        self.constants[scale], self.constants[zero] = np.float32(grid.scale), np.uint8(grid.zero)
        self.add("QuantizeLinear", [tensor, scale, zero], f"{tensor}_q", f"{tensor}_quantize")
        self.add("DequantizeLinear", [f"{tensor}_q", scale, zero], f"{tensor}_dq", f"{tensor}_dequantize")
        return f"{tensor}_dq"

    def parameters(self, layer, index, label, key):
        scale = self.quantised.weight_scales[index].numpy()
        bias_scale = np.float32(self.quantised.ranges[key].scale) * scale
        return [self.constant(f"{label}_weight", layer.weight.numpy(), scale),
                self.constant(f"{label}_bias", layer.bias.numpy(), bias_scale)]

    def constant(self, label, values, scale):
        whole = np.round(values / scale.reshape([-1] + [1] * (values.ndim - 1)))
        kind = np.int8 if values.ndim > 1 else np.int32
        self.constants[label], self.constants[f"{label}_scale"] = whole.astype(kind), scale.astype(np.float32)
        self.constants[f"{label}_zero"] = np.zeros(len(scale), kind)
        inputs = [label, f"{label}_scale", f"{label}_zero"]
        self.add("DequantizeLinear", inputs, f"{label}_dq", f"{label}_dequantize", axis=0)
        return f"{label}_dq"


def write_float(path, name, net):
    Writer(net).write(path, name)


def write_int8(path, name, quantised):
    Int8Writer(quantised).write(path, name)
