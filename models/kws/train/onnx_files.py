"""Writes the nets as ONNX: opset 13, IR 8, static shapes."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT, OUTPUT = "features", "scores"


def finish(path, name, nodes, constants):
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 1, 74, 10])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, 8])],
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


def layer_names(layers):
    names = ["first"]
    for i in range(1, len(layers) - 1, 2):
        names += [f"block{i // 2 + 1}_depthwise", f"block{i // 2 + 1}_pointwise"]
    return names + ["dense"]


def write_float(path, name, layers):
    nodes, constants, at = [], {}, INPUT
    for layer, label in zip(layers, layer_names(layers)):
        constants[f"{label}_weight"], constants[f"{label}_bias"] = layer.weight, layer.bias
        inputs = [f"{label}_weight", f"{label}_bias"]
        if label == "dense":
            nodes.append(helper.make_node("GlobalAveragePool", [at], ["pooled"], "pool"))
            nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"], "flatten", axis=1))
            nodes.append(helper.make_node("Gemm", ["flat"] + inputs, ["logits"], label, transB=1))
        else:
            nodes.append(helper.make_node("Conv", [at] + inputs, [f"{label}_sum"], label, **conv_attributes(layer)))
            nodes.append(helper.make_node("Relu", [f"{label}_sum"], [f"{label}_out"], f"{label}_relu"))
            at = f"{label}_out"
    nodes.append(helper.make_node("Softmax", ["logits"], [OUTPUT], "softmax", axis=1))
    finish(path, name, nodes, constants)


def write_int8(path, name, quantised):
    nodes, constants, at = [], {}, INPUT
    ranges = iter(quantised.ranges)

    def through_8_bit(source, grid):
        """Source, rounded to 8 bit and back."""
        scale, zero = f"{source}_scale", f"{source}_zero"
        constants[scale], constants[zero] = np.float32(grid.scale), np.uint8(grid.zero)
        for op, given, made in (("Quantize", source, f"{source}_q"), ("Dequantize", f"{source}_q", f"{source}_dq")):
            nodes.append(helper.make_node(f"{op}Linear", [given, scale, zero], [made], f"{source}_{op.lower()}"))
        return f"{source}_dq"

    def constant(label, values, scale):
        whole = np.round(values / scale.reshape([-1] + [1] * (values.ndim - 1)))
        kind = np.int8 if values.ndim > 1 else np.int32
        constants[label], constants[f"{label}_scale"] = whole.astype(kind), scale.astype(np.float32)
        constants[f"{label}_zero"] = np.zeros(len(scale), kind)
        inputs = [label, f"{label}_scale", f"{label}_zero"]
        nodes.append(helper.make_node("DequantizeLinear", inputs, [f"{label}_dq"], f"{label}_dequantize", axis=0))
        return f"{label}_dq"

    grid = next(ranges)
    at = through_8_bit(INPUT, grid)
    for layer, scale, label in zip(quantised.layers, quantised.weight_scales, layer_names(quantised.layers)):
        if label == "dense":
            nodes.append(helper.make_node("GlobalAveragePool", [at], ["pooled"], "pool"))
            grid = next(ranges)
            at = through_8_bit("pooled", grid)
            nodes.append(helper.make_node("Flatten", [at], ["flat"], "flatten", axis=1))
            at = through_8_bit("flat", grid)
        weight = constant(f"{label}_weight", layer.weight, scale)
        bias = constant(f"{label}_bias", layer.bias, np.float32(grid.scale) * scale)
        if label == "dense":
            nodes.append(helper.make_node("Gemm", [at, weight, bias], ["logits"], label, transB=1))
            at = through_8_bit("logits", next(ranges))
        else:
            nodes.append(helper.make_node("Conv", [at, weight, bias], [f"{label}_sum"], label, **conv_attributes(layer)))
            nodes.append(helper.make_node("Relu", [f"{label}_sum"], [f"{label}_out"], f"{label}_relu"))
            grid = next(ranges)
            at = through_8_bit(f"{label}_out", grid)
    nodes.append(helper.make_node("Softmax", [at], [OUTPUT], "softmax", axis=1))
    finish(path, name, nodes, constants)
