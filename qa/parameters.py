"""The constants of retrieval and evidence in one place, each with the figure that chose it.

Fitted on the answerable questions of CLAPNQ, TimeQA, MuSiQue with HotpotQA, SQuAD 2.0 (with 6,119 distracting passages) and RealTimeQA;
`python -m tests.bench_retrieval FOLDER fit` fits the weights anew with two-fold cross-validation, `make bench-retrieval` measures
all of it, each stage removed in turn. The figures are those of the day of fitting, of samples of 100 to 400 questions a set.
"""

from collections.abc import Mapping
from typing import Final

# Wide: BM25 and cosine, fused

RANK_CONSTANT: Final = 60
"""k of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""
DEPTH: Final = 50
"""Hits that each ranking contributes."""
POOL: Final = 50
"""Fused hits that are looked at closely: a gold document is among the first 40 for 99.5% of SQuAD's questions and 100% of the others'.
40 lose some of TimeQA's sentences (ceiling 95.5 against 100%)."""
MOST_SCORED: Final = 6000
"""Passages that BM25 may have to score for a question; its commonest words go first, as they cost most and tell least. At 46,000 passages
it takes a quarter of the time; in small libraries nothing changes."""

# Narrow: passages

PASSAGE: Final[Mapping[str, float]] = {"sentence": 0.77, "words": 0.31, "pairs": 0.34, "title": 0.29, "document": 0.24}
"""Weights: cosine of the best sentence in its context, BM25, the question's neighbouring words that are neighbours, its words in the title,
its words in all found passages of the document. Cross-validated Hit@5 97 to 99 on SQuAD (fusion alone: 93.7), 100 on CLAPNQ. The
passage's own cosine, the best sentence's words, names and numbers were tried and brought nothing beside these."""

# Dates

NEAR: Final = 0.35
FAR: Final = 0.1
DAYS_BEFORE: Final = 30.0
DAYS_AFTER: Final = 10.0
"""What an article gains near the day asked for, falling to 1/e in so many days, and loses with the logarithm of its distance. RealTimeQA
Hit@5 93.2 without dates, 99.6 with these; from 0.2 to 0.8 and 0.05 to 0.2 it is 97.0 to 99.6."""
NEWEST_SHARE: Final = 0.5
"""Of that for "latest" and the like, against the newest article found. Chosen, not fitted: no set asks so."""

# The second hop

LEADS: Final = 2
"""Documents of the first hop that may lead to others: with 1 to 3 all gold documents are among the first five for 70 to 72%."""
LEAD_SHARE: Final = 0.6
"""Of the best sentence's vector in the question's (Rocchio 1971): 0.3 to 1.0 do the same."""
CALLED: Final = 0.7
NEAR_LEAD: Final = 0.6
REST: Final = 0.7
"""Gains: for being called what the lead names, for the cosine to question and lead, for the share of the question's words that the lead
lacks. All gold documents in the first five of MuSiQue and HotpotQA: 49.5 before, 70.3 after; halved or doubled 66 to 70."""
KEPT: Final = 3
SHOWN: Final = 5
"""So many documents of the first hop stay among the first SHOWN: without that SQuAD's Hit@5 falls from 97.5 to 97.0."""
HOP_DEPTH: Final = 8
TITLED: Final = 20
"""Passages looked at for each lead and for all titles: more (15 and 60) finds the same and takes a third longer."""
SEVERAL: Final = 0.9
"""Gain of the hop from which on a question is taken to need several documents: reached by about 60% of MuSiQue's and HotpotQA's questions,
22% of CLAPNQ's, under 10% of TimeQA's."""

# The list that is shown

REPEATED: Final = 0.05
"""What each further passage of one document stands back in the list. Chosen, not fitted: about the gap between neighbours."""

# Evidence

READ: Final = 30
"""Passages whose sentences are looked at: with 20 a gold sentence is among them for 95.5% of TimeQA's questions, with 30 for 100%."""
SENTENCE: Final[Mapping[str, float]] = {
    "sentence": 0.39, "passage": 0.29, "words": 0.45, "years": 0.18, "passage's years": 0.07, "kind": 0.11, "before": -0.13,
}  # fmt: skip
"""Weights: the sentence's cosine, its passage's score, the share of the question's words in it, how near its years (or those before it) and
its passage's are to the question's, whether it holds the kind of thing asked for, how much better the one before it is. Cross-validated
at 350 tokens: a gold sentence for 96 to 100% (CLAPNQ), 91% (TimeQA); the answer for 96 to 99% (SQuAD)."""
REREAD: Final = 10
"""Sentences that the second reader reads, some 10 ms each on two cores: with 16 as many of CLAPNQ's and SQuAD's gold sentences are chosen
and 0.6 points more of TimeQA's."""
WINDOW: Final = 450
"""Characters of a sentence and the one before it, up to which both are read: some 100 tokens."""
READER: Final = 0.4
"""Weight of the second reader's probability that a sentence answers. With 0.3 to 0.5 a gold sentence within 175 tokens for 4 points more of
SQuAD's questions and 4 to 5 of TimeQA's, CLAPNQ's as without; 0.8 loses CLAPNQ's and TimeQA's."""
BESIDE: Final = 0.5
"""Of that probability, where the words that answer stand in the sentence before."""
LEAST: Final = 0.25
LEAST_WIDE: Final = 0.35
"""How far below the best sentence a sentence may be; a wide question gets more. At 0.25 SQuAD's questions get 146 tokens in the median and
the answer for 92.8%, at 0.3 for 94.4%; but the more the 1.5B model is shown, the more it invents: at 0.3 it answered 6 of 23 unanswerable
gold questions, at 0.25 4 of 24."""
LEAST_REREAD: Final = 0.3
LEAST_WIDE_REREAD: Final = 0.5
"""The same where the second reader has read them: SQuAD's median falls from 148 to 99 tokens."""
MOST_SENTENCES: Final = 12
SHORT_SHARE: Final = 0.75
"""Of the budget that a short fact may use."""
DOCUMENTS: Final = 3
"""Documents of which a question that needs several gets the best sentence each."""
SAME_STORY: Final = 0.75
"""Share of common words (Jaccard) from which on two sentences with the same numbers tell the same story. Chosen, not fitted."""
