"""Common words that say the same: a claim may have the one where its source has the other. Pure."""

import functools
from typing import Final

from qa.words import stem

GROUPS: Final = tuple(
    tuple(group.split())
    for group in """
    begin start commence|end finish conclude|buy purchase acquire|use utilize employ|help aid assist|show demonstrate|
    build construct erect|build make create produce|big large|small little|quick fast rapid swift|kill slay|choose select pick|
    get obtain receive gain|
    near close nearby|often frequently|approximately about around roughly circa|occur happen|allow permit let|forbid prohibit ban|
    require need|said stated told|speak talk|city town|village hamlet|movie film|film picture|author writer|physician doctor|
    lawyer attorney|
    car automobile|firm company corporation business|job post position role|child kid|start launch|
    found establish create set|launch introduce unveil release|publish release issue|annual yearly|main chief primary principal|
    important significant major key|famous renowned well-known noted|whole entire|home house|live reside dwell|locate situate|
    contain include comprise|remain stay|rest remain|continue keep|leave depart|arrive come|return go|die pass|marry wed|bear born|
    injure wound hurt|fight battle|war conflict|battle fight|attack assault|defeat beat|conquer capture seize|
    try attempt|ask request|answer reply respond|demand call|announce declare|reveal disclose|explain describe|discuss debate|
    believe think|consider regard|hope wish|want desire|worry concern|problem issue|result outcome|cause lead|effect consequence|
    increase rise grow climb|decrease fall drop decline reduce|rise climb jump soar surge|raise increase|reduce cut lower|
    change alter modify|replace supersede|join enter|sign ink|agree consent|approve endorse|reject refuse|oppose resist|support back|
    lead head|lead direct|run manage operate|govern rule|rule reign|appoint name|elect choose|hire employ recruit|dismiss fire sack|
    resign quit step|retire leave|receive get win|award give grant|give provide supply|send dispatch|carry transport convey|move shift|
    meet encounter|find discover|search look|see view|watch view|hear listen|learn discover|teach instruct|study research|
    money funds|cost price|pay spend|earn make|worth value|cheap inexpensive|expensive costly|rich wealthy|poor impoverished|
    people persons|people individuals|population inhabitants residents|inhabit populate|citizen national|man gentleman|woman lady|
    island isle|ocean sea|stream river brook|wood forest|hill mountain mount|road street|ship vessel boat|plane aircraft airplane|
    picture image photo photograph|song track|album record|band group|show series program|show display exhibit|story tale|novel book|
    debut premiere|star feature|role part|character figure|team side club|game match|player footballer|goal score|coach trainer manager|
    contest competition tournament|victory triumph|defeat loss|final last|top best|start beginning|end finish|
    area region|zone area|district area|border frontier|part portion section|part component|kind type sort|way manner method|
    system network|device machine|tool instrument|plan scheme|law statute act|rule regulation|treaty pact agreement accord|
    talks negotiations|meeting session|parliament legislature|vote ballot|poll survey|government administration|
    troops soldiers forces|army military|weapon arm|rebel insurgent|leader head chief|ruler sovereign|king monarch|
    illness disease sickness|drug medicine medication|cure heal|ill sick|hospital clinic|injury wound|death demise|
    school college|student pupil|teacher instructor|exam test|degree qualification|
    also additionally|however nevertheless|because since as|therefore thus hence|despite notwithstanding|during throughout|
    mostly mainly primarily largely chiefly|nearly almost|only merely just|entirely wholly completely fully totally|
    initially originally|finally eventually ultimately|currently presently now|previously formerly earlier|recently lately newly|
    later subsequently afterwards|soon shortly|suddenly abruptly|commonly usually generally typically normally|especially particularly|
    various several numerous many|sufficient enough adequate|extra additional further more|different distinct|similar alike like|
    identical same|correct right accurate|wrong incorrect|true genuine real|hard difficult tough|easy simple|strong powerful|weak feeble|
    old ancient|new novel|young youthful|hot warm|cold cool|dangerous hazardous risky|safe secure|strange odd unusual|rare uncommon|
    enormous huge vast immense gigantic|tiny minute|wide broad|tall high|deep profound|maybe perhaps possibly|
    located situated based|headquarters base|comprise consist|destroy demolish ruin|damage harm|repair fix mend|
    collapse crumble|explode blast|flood deluge|storm tempest|protest demonstration rally|riot unrest|
    prison jail|prisoner inmate detainee|arrest detain apprehend|sentence condemn|victim casualty|murder kill|crime offense|
    guilty culpable|judge justice|court tribunal|trial hearing|lawsuit suit case
    """.replace("\n", "").split("|")
)  # fmt: skip


@functools.cache
def _groups() -> dict[str, frozenset[int]]:
    """Of the stem of each word the groups that it stands in."""
    found: dict[str, set[int]] = {}
    for i, group in enumerate(GROUPS):
        for word in group:
            found.setdefault(stem(word), set()).add(i)
    return {root: frozenset(several) for root, several in found.items()}


def synonymous(one: str, other: str) -> bool:
    """Whether two stems are those of words that may say the same."""
    return one == other or other in synonyms(one)


@functools.cache
def synonyms(root: str) -> frozenset[str]:
    """The stems of the words that may say the same as a stem's."""
    groups = _groups().get(root, frozenset())
    return frozenset(stem(word) for i in groups for word in GROUPS[i]) - {root}
