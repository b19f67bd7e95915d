"""Whether the int8 file decides as the network that it was made of."""

from collections.abc import Sequence
from pathlib import Path

import onnxruntime
import torch

from qa.reader import Calibration
from qa.training.fit import Example, tensors
from qa.training.network import Reader


def agreement(model: Reader, file: Path, examples: Sequence[Example], calibration: Calibration) -> dict[str, float]:
    """Shares of alike decisions: whether a text answers (0.5 and more), the first token of the answer where there is one, the verdict."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    alike: dict[str, list[bool]] = {"answers": [], "span": [], "verdict": []}
    model.eval()
    for one in examples:
        ids, mask, kinds = tensors([one], 1)
        with torch.no_grad():
            whole = model(ids, mask, kinds)
        inputs = {"ids": ids.numpy(), "mask": mask.numpy(), "kinds": kinds.numpy()}
        answers, starts, judgements = session.run(["answers", "starts", "judgements"], inputs)
        if one.is_claim:
            alike["verdict"].append(int(judgements[0].argmax()) == int(whole.judgements[0].argmax()))
            continue
        least = -calibration.shift / calibration.scale
        alike["answers"].append((float(answers[0]) >= least) == (float(whole.answers[0]) >= least))
        if one.start:
            alike["span"].append(int(starts[0].argmax()) == int(whole.starts[0].argmax()))
    return {name: round(sum(found) / len(found), 4) for name, found in alike.items() if found}
