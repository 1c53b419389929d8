"""Cues of worded zeros: negators with their verb, with high recall (未收到, 没有发生, 无, 不收取, 零).

Which statistics a cue zeroes, and whether any, is for the tagger to say. Only what is no negation of
a count beyond doubt (无法提供, 尚未审结, 不予公开, 未经) is left out here. How far a cue reaches
(没, 没收, 没收过) is a matter of taste, so a worded zero lies at the cue that its span touches.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.schema.document import Span

_VERBS = (
    "接收到|收到|接到|接收|接受|受理|受到|收取|征收|发生|产生|出现|存在|引发|引起|涉及|涉|制定|制发|制作|出台|印发|编发|发出|发布|推送"
    "|修订|废止|作出|做出|作成|实施|办理|举办|举行|召开|组织|开展|安排|提起|提出|采取|采用|承办|承接|进入|遇到|遇|见到|见|曾收到|曾发生"
    "|曾出现|转来|进行|使用|更新|开通|开设|设立|应诉|形成|填写|运营|碰到|碰上|惹上|摊上|留下|留|接|收|发|作|开|取|用|设|有|得|搞|打|要|建|立|做|办|走|来|去|出|废|欠|拖"
)
"""Verbs after 没有, 没 and 未; what stands after 无 is a noun."""
_AFTER_WU = (
    "法|正当|关|(?:需|须)(?!转|结转|缴|收费|交)|障碍|纸|人机|误|超期|逾期|违规|不|论|效|锡|为|线|差错|缝|死角|理由|条件|一(?:例外|不|遗漏|超|拒|差错|积压)|仅有|害|限|主|比|偿献血"
    "|党派|烟|疑|形|愧|私"
)
_AFTER_WEI = (
    "经|审|到期|结(?!转)|成|达|果|来|必|能|按|予(?!收|受|计|废|印|制|实施|采|启|作|发生)|及|免|办结|报送|满|知|明|完|足|央|婚|尽|落实|标|公布|公开"
    "|答复|纳入|解决|当|遂|列(?!入|支)|见效"
)
CUE = re.compile(
    rf"没有?(?:人[来去]?|再|经)?(?:{_VERBS})?|未(?!{_AFTER_WEI})[曾再]?(?:结转|收费|申请|被|{_VERBS})?"
    r"|一[件条项宗份次篇人起例家张分场期](?:也|都)?(?:没有|没收|未收|未发|未见)"
    rf"|(?<!毫)皆?无(?!{_AFTER_WU})(?:有|发生|产生|出现|新增)?"
    rf"|不曾(?:{_VERBS})?"
    r"|不(?:再有|再办理|再制发|再作出|再产生|享有|取(?!消)|留|欠|积压|制定|出(?![示具台席来现])|收取|收费|收(?!到|入|集)|涉及|具备|具有|存在|曾收到|曾发生|作(?!为)|设|制发|剩|属于?|承担|行使|挂|花钱|结转|产生|发生)"
    r"|免收|免费|免除|免缴|免征|全免|免于收取|零报告|为零|归零|零(?=[件条项宗份次篇人起例元进]|收|征收|受理|申请|发生|复议|诉讼|结转|投诉|[。，,；;、.)）”\n]|$)"
    r"|(?<=[计记均皆都是仍亦各挂持])零|挂零|空[缺着白项]|(?<=[均皆全])[空缺]|[从告暂]缺|缺项|(?:付之?)?阙如?|留白|停[收办征]|谈不[上到]|分文未取"
    r"|无(?=不予公开)|(?<=[:：为是位诉议转收均])空(?=[。；;，,、.）)的起]|$)|(?<=[:：])[空缺免](?=[。；;，,、【\n／/]|$)|莫[得有]|冇|不见(?=一)"
)


def find_cues(text: str) -> list[Span]:
    """Places of possible cues, in order, none overlapping another; `text` in simplified characters."""
    return [Span(*match.span()) for match in CUE.finditer(text)]


def cue_at(cues: Sequence[Span], start: int, end: int) -> Span:
    """The cue that a span touches; the span itself where it touches none."""
    return next((cue for cue in cues if cue.start < end and start < cue.end), Span(start, end))
