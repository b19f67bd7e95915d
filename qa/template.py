"""Chat templates: whether a model is told where a question ends and its reply begins, and what mends it where it is not. Pure.

A model without one goes on with the prompt instead of replying to it. Ollama takes `{{ .Prompt }}` where it finds no template in a file.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

ACTION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)
CHATML_TOKENS: Final = ("qwen2", "smollm")  # of `tokenizer.ggml.pre`: models that learnt ChatML
CHATML: Final = r"{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"


def is_bare(template: str) -> bool:
    """Whether a template of Ollama (Go) puts nothing between the turns; not where none is told."""
    return bool(template.strip()) and not ACTION.sub("", template).strip()


def remedy(name: str, facts: Mapping[str, Any]) -> str:
    """The command that makes of Ollama's model one with a template, of ChatML where it is known to have learnt that."""
    made = f"{name.partition(':')[0].rpartition('/')[2]}-chat"
    after = f"then set FOOTNOTE_MODEL=ollama:{made}."
    if facts.get("tokenizer.ggml.pre") in CHATML_TOKENS:
        lines = rf'FROM {name}\nTEMPLATE """{CHATML}"""\nPARAMETER stop "<|im_end|>"\n'
        return f"Run `printf '{lines}' > Modelfile && ollama create {made} -f Modelfile`, {after}"
    return f"Write a Modelfile with `FROM {name}` and its publisher's TEMPLATE, run `ollama create {made} -f Modelfile`, {after}"
