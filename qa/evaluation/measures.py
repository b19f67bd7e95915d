"""The measures, in the order of the report."""

from typing import Final

from qa.evaluation.types import Measure

MEASURES: Final[tuple[Measure, ...]] = (
    Measure("overall", "right, or rightly silent", "share", "higher", about="answerable answered rightly, unanswerable withheld"),
    Measure("right", "answerable: right", "share", "higher", about="answered with what the case accepts"),
    Measure("refused_answerable", "answerable: withheld", "share", "lower", about="false silence"),
    Measure("refused_unanswerable", "unanswerable: withheld", "share", "higher", about="right silence"),
    Measure(
        "wrong_given",
        "answers given: wrong",
        "share",
        "lower",
        about="of the answers a reader gets; right ones cannot be among the unanswerable",
    ),
    Measure("exact", "exact match", "mean", "higher", about="SQuAD 2.0"),
    Measure("f1", "token F1", "mean", "higher", about="SQuAD 2.0"),
    Measure(
        "citation_precision", "citations on the support", "mean", "higher", about="share of an answer's citations that hold the support"
    ),
    Measure("citation_recall", "sentences supported", "mean", "higher", about="share of an answer's sentences with such a citation"),
    Measure("invented_citations", "citations not in the file", "mean", "lower", about="quote not verbatim, or no such citation"),
    Measure("hit@1", "Hit@1", "share", "higher", about="of documents"),
    Measure("hit@5", "Hit@5", "share", "higher", about="of documents"),
    Measure("hit@10", "Hit@10", "share", "higher", about="of documents"),
    Measure("recall@5", "Recall@5", "mean", "higher", about="of documents"),
    Measure("recall@10", "Recall@10", "mean", "higher", about="of documents"),
    Measure("mrr", "MRR", "mean", "higher", about="of documents"),
    Measure("ndcg@10", "nDCG@10", "mean", "higher", about="of documents"),
    Measure(
        "evidence_answer",
        "answer in the evidence",
        "share",
        "higher",
        about="an accepted answer stands in the sentences shown to the model",
    ),
    Measure("evidence_quote", "support in the evidence", "mean", "higher", about="share of the case's quotes that were shown to the model"),
    Measure("aurc", "area under risk–coverage", "whole", "lower", about="over the answers given"),
    Measure("ece", "calibration error (ECE)", "whole", "lower", about="ten bins, over the answers given"),
    Measure("brier", "Brier score", "whole", "lower", about="over the answers given"),
    Measure("prompt_tokens", "prompt", "median", "lower", "tokens"),
    Measure("completion_tokens", "reply", "median", "lower", "tokens"),
    Measure("evidence_ms", "evidence found after", "median", "lower", "ms"),
    Measure("first_token_ms", "first token after", "median", "lower", "ms"),
    Measure("total_ms", "finished after", "median", "lower", "ms"),
)
BY_NAME: Final = {measure.name: measure for measure in MEASURES}
