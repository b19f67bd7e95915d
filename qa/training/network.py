"""The network: MiniLM (Wang et al. 2020) reading question and text together, with a head for each thing it is asked."""

from pathlib import Path
from typing import Final, NamedTuple

from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

WIDTH: Final = 384
# Dropout brings little in one pass over so much data, and its random numbers cost a third of the time. Torch's own attention is slower.
SHAPE: Final = BertConfig(
    vocab_size=30522,
    hidden_size=WIDTH,
    num_hidden_layers=6,
    num_attention_heads=12,
    intermediate_size=4 * WIDTH,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    attn_implementation="eager",
)
"""Of all-MiniLM-L6-v2."""
OUTSIDE: Final = -1e4
"""Score of a token that cannot begin or end an answer."""


class Scores(NamedTuple):
    """Of B pairs of L tokens: answers (B,), starts and ends (B, L), judgements (B, 3) in the order of `qa.training.pair`; all logits."""

    answers: Tensor
    starts: Tensor
    ends: Tensor
    judgements: Tensor


class Reader(nn.Module):
    """22.7 million parameters, of which the 11.7 million of the word embeddings stay as they are."""

    def __init__(self, base: Path) -> None:
        """`base`: the fp32 weights of all-MiniLM-L6-v2, in safetensors."""
        super().__init__()
        self.bert = BertModel(SHAPE, add_pooling_layer=False)
        self.bert.load_state_dict({name: value for name, value in load_file(base).items() if not name.startswith("pooler")}, strict=False)
        self.bert.embeddings.requires_grad_(requires_grad=False)
        self.answers = nn.Linear(WIDTH, 1)
        self.spans = nn.Linear(WIDTH, 2)
        self.judgements = nn.Linear(WIDTH, 3)

    def forward(self, ids: Tensor, mask: Tensor, kinds: Tensor) -> Scores:
        """Read pairs of shape (B, L): token ids, 1 where there is one, 0 for the first and 1 for the second text of the pair."""
        hidden = self.bert(input_ids=ids, attention_mask=mask, token_type_ids=kinds).last_hidden_state
        spans = self.spans(hidden).float().masked_fill(((kinds == 0) | (mask == 0))[..., None], OUTSIDE)
        first = hidden[:, 0]
        return Scores(self.answers(first)[:, 0].float(), spans[..., 0], spans[..., 1], self.judgements(first).float())
