"""A trained network → one int8 ONNX file with fused operators, its calibration in its metadata."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

from qa.reader import Calibration
from qa.training.network import Reader

HEADS: Final = 12
OPSET: Final = 17
INPUTS: Final = ["ids", "mask", "kinds"]
OUTPUTS: Final = ["answers", "starts", "ends", "judgements"]


def export(model: Reader, file: Path, calibration: Calibration, told: Mapping[str, str], int8: bool = True) -> None:
    """Write the network; `told` goes into the file's metadata beside the calibration."""
    with TemporaryDirectory() as folder:
        plain, fused, small = (Path(folder) / name for name in ("plain.onnx", "fused.onnx", "small.onnx"))
        model.eval()
        example = torch.ones(1, 8, dtype=torch.long)
        kinds = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1]])
        axes = {name: {0: "pairs", 1: "tokens"} for name in [*INPUTS, "starts", "ends"]} | {
            "answers": {0: "pairs"},
            "judgements": {0: "pairs"},
        }
        torch.onnx.export(
            model,
            (example, example, kinds),
            plain,
            input_names=INPUTS,
            output_names=OUTPUTS,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        options = FusionOptions("bert")
        optimizer.optimize_model(str(plain), "bert", num_heads=HEADS, hidden_size=384, optimization_options=options).save_model_to_file(
            str(fused)
        )
        made = fused
        if int8:
            quantize_dynamic(
                fused,
                small,
                per_channel=True,
                weight_type=QuantType.QInt8,
                extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
            )
            made = small
        graph = onnx.load(made)
        for key, value in {"calibration": json.dumps(asdict(calibration)), **told}.items():
            graph.metadata_props.add(key=key, value=value)
        onnx.save(graph, file)
