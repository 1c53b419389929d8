"""Worded zeros: 未收到申请, 没有发生行政复议、行政诉讼, a heading followed by 无.

A cue is a negator with its verb. By rule it zeroes the nouns after it in its clause, or, where none
stands there (行政复议、行政诉讼均未发生), those before it. Nouns and the verbs that go with them
are below. The rules are seldom wrong and know the common wordings only; of the cues that they say
nothing of, the tagger has the word (`all_zeros`), which measured better than either alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.lines import NUMBERING
from models.narrative.cues import cue_at
from models.narrative.heads import OTHER_APPLICATION, of_other, own
from models.schema.document import Span
from models.tagger.tagger import Label

AGREED_CONFIDENCE = 0.95
"""Share of the zeros that are right, rounded down, where rule and tagger say the same (measured 0.97)."""
RULE_CONFIDENCE = 0.6
"""The same where only the rule says it: 0.88 on real pages, half on passages written to be difficult."""
LEARNED_CONFIDENCE = 0.6
"""The same where only the tagger says it: 0.8 on passages, less on real pages. Neither alone contradicts anything."""
VERBS = (
    "接收到|收到|接到|接收|接受|受理|收取|发生|产生|出现|存在|引发|引起|涉及|制定|制发|出台|印发|修订|废止"
    "|作出|做出|实施|办理|发布|举办|召开|组织|开展|安排|提起|提出|新增|采取|承办|进入|接|被提起|被申请|被起诉|收费|收"
)
CUE = re.compile(
    rf"(?P<negator>没有|没|未(?!经|审|到期|结|成|达|果|来|必|能|按|予|及|免|办结|报送)|(?<![毫并全])无(?!法|正当|关|需|须|障碍|纸|人|误|超期|逾期|违规|不|论|偿|效|锡|为|线|差错|缝|死角|理由|条件|一)|不具备|不具有|不(?=收取|收费)|零报告|为零|零(?=收到|受理|申请|收费|收取|发生|复议|诉讼)|不存在)"
    rf"(?P<verb>{VERBS}|有(?!效|关|序|力|限|待|所))?"
)
CLAUSE = re.compile(r"[^，,。；;！!\n]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """`noun` names what is zeroed, where the cue's verb is among `verbs` (a pattern)."""

    noun: re.Pattern[str]
    verbs: re.Pattern[str]
    statistics: tuple[str, ...]


_ANY = r".*"
_RECEIVE = r"(?:接收到|收到过?|接到过?|接收|接受|受理|办理|发生|产生|出现|提起|提出|收|有|存在|涉及)?"
_MAKE = r"(?:制定|制发|出台|印发|修订|发布|新增|废止|有)?"
_DECIDE = r"(?:作出|做出|实施|发生|办理|有|涉及|存在|开展)?"


def _rule(noun: str, verbs: str, *statistics: str) -> Rule:
    return Rule(re.compile(noun), re.compile(verbs), statistics)


RULES = (
    _rule(r"(?:上一?年度?|去年)[^、]{0,4}(?:结转|移来|转来|遗留)", _ANY, "applications.carried_in"),
    _rule(r"结转(?:至|到)?(?:下|次)一?年|下一?年度?[^、]{0,2}(?:结转|办理)", _ANY, "applications.carried_forward"),
    _rule(r"结转(?!至|到|下|次|一)", _ANY, "#carried"),
    _rule(r"(?:被)?(?:撤销|纠错|纠正|败诉)[^，]*(?:复议|诉讼)?", r"(?:发生|出现|存在|有|被.*)?", "#corrected"),
    _rule(r"(?:复议|诉讼|案件)[^，]{0,6}(?:尚未审结|未审结)|尚未审结的", _ANY, "#pending"),
    _rule(r"(?:复议|诉讼)[^，]{0,4}维持", _ANY, "#upheld"),
    _rule(r"复议(?!机关|法|应诉)", _ANY, "reconsideration.total"),
    _rule(r"诉讼|应诉案|被起诉|起诉", _ANY, "litigation.total"),
    _rule(r"行政事业性收费", r"(?:收取|发生|产生|涉及|有|存在|收|开展)?", "fees.amount"),
    _rule(
        r"(?<!事业性)(?:信息处理费|检索费?|复制费?|邮寄费?|[任相有]何?关?费用|费用|收费)(?!标准|项目|减免)",
        r"(?:收取|收费|收|产生|发生|有|涉及|存在)?",
        "information_fees.amount",
    ),
    _rule(r"不予公开", r"(?:有|存在|出现|发生|作出)?", "applications.denied"),
    _rule(
        r"依申请|申请(?!人|行政复议|复议|强制|行政诉讼)[^，]{0,6}(?:公开|件|事项|材料|表|书)|(?:信息|公开|政务)[^，]{0,8}申请(?!人)"
        r"|公开请求|公开诉求|公众申请|申请$|的申请$|件申请",
        _RECEIVE,
        "applications.received",
    ),
    _rule(r"规范性文件", _MAKE, "#documents"),
    _rule(r"(?<!有关)(?<!理)规章(?!制度)", _MAKE, "#regulations"),
    _rule(r"行政许可", _DECIDE, "permits.decisions"),
    _rule(r"行政处罚|(?<=、)处罚", _DECIDE, "penalties.decisions"),
    _rule(r"行政强制|(?<=、)强制", _DECIDE, "coercive_measures.decisions"),
    _rule(r"新闻发布会", r"(?:举办|召开|组织|开展)?", "press_conferences.total"),
    _rule(r"集中采购", _ANY, "procurement.projects"),
)
RESULTS = (".corrected", ".pending", ".upheld")
FOREIGN = re.compile(
    r"泄密|失密|安全事故|超期|逾期|不良|责任追究|差错|负面|舆情|违规|问题|异议|行为|情形以外"
    r"|(?<!收费)(?<!收费[及和与、])(?<!费用[及和与、])减免"
)
HEADINGS = (
    (re.compile(r"(?:申请)?(?:办理|答复|办结|处理)(?:情况|结果)?$"), ("applications.processed",)),
    (re.compile(r"依申请公开|收到|受理|新收|公开申请|^申请"), ("applications.received",)),
    (re.compile(r"复议"), ("reconsideration.total",)),
    (re.compile(r"诉讼"), ("litigation.total",)),
    (re.compile(r"事业性收费"), ("fees.amount",)),
    (re.compile(r"(?<!事业性)收费|费用|处理费"), ("information_fees.amount",)),
    (re.compile(r"上一?年度?结转"), ("applications.carried_in",)),
    (re.compile(r"结转下"), ("applications.carried_forward",)),
    (re.compile(r"行政许可"), ("permits.decisions",)),
    (re.compile(r"行政处罚"), ("penalties.decisions",)),
    (re.compile(r"行政强制"), ("coercive_measures.decisions",)),
)
INLINE = re.compile(r"(?P<heading>[^，,。；;：:\n]{2,24})[:：]\s*(?P<cue>无|零报告|没有)(?=\s*(?:[。，,；;、.\n]|$))")
NOTHING = re.compile(r"[(（]?(?P<cue>无|未发生|未收到|没有|没有发生|未产生)[)）]?[。.]?")


def all_zeros(
    text: str, cues: Sequence[Span], learned: Sequence[Sequence[Label]]
) -> Iterator[tuple[Span, tuple[Label, ...]]]:
    """Cues with the statistics that each zeroes, in order: by rule, and as learned where no rule speaks.

    Args:
        text: running narrative in simplified characters.
        cues: possible cues.
        learned: for each of them what the tagger says.
    """
    named = {cue: {label.statistic for label in labels} for cue, labels in zip(cues, learned, strict=True)}
    found: dict[Span, tuple[Label, ...]] = {}
    for span, names in find_zeros(text):
        cue = cue_at(cues, *span)
        agreed = named.get(cue, ())
        given = (Label(n, AGREED_CONFIDENCE if n in agreed else RULE_CONFIDENCE) for n in names)
        found.setdefault(cue, tuple(given))
    for cue, labels in zip(cues, learned, strict=True):
        if labels and cue not in found:
            found[cue] = tuple(Label(n.statistic, min(n.confidence, LEARNED_CONFIDENCE)) for n in labels)
    yield from sorted(found.items())


def find_zeros(text: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Cues that rules know with the statistics that each zeroes, in order; `text` in simplified characters.

    None where the rules see that what there was none of is no statistic: then the tagger is not asked either.
    """
    found: dict[Span, tuple[str, ...]] = {}
    for span, statistics in (*_in_clauses(text), *_under_headings(text)):
        found[span] = found.get(span) or statistics
    yield from sorted(found.items())


def _in_clauses(text: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    previous = ""
    for clause in CLAUSE.finditer(text):
        if clause.start() and text[clause.start() - 1] not in "，,":
            previous = ""
        cues = list(CUE.finditer(text, clause.start(), clause.end()))
        for index, cue in enumerate(cues):
            stop = cues[index + 1].start() if index + 1 < len(cues) else clause.end()
            after = text[cue.end() : stop]
            before = text[cues[index - 1].end() if index else clause.start() : cue.start()]
            verb = cue["verb"] or ""
            statistics = _zeroed(verb, after) or _zeroed_before(verb, before, after, previous)
            if statistics or of_other(after) or of_other(before):
                yield Span(cue.start(), cue.end()), statistics
        previous = clause[0]


def _zeroed(verb: str, words: str) -> tuple[str, ...]:
    words = own(words)
    if FOREIGN.search(words) and not re.search(r"复议|诉讼", words):
        return ()
    found: list[str] = []
    for rule in RULES:
        if rule.noun.search(words) and rule.verbs.fullmatch(verb):
            found += [s for s in _expanded(rule, verb, words) if s not in found]
    if any(s.endswith(RESULTS) for s in found):
        return tuple(s for s in found if s.endswith(RESULTS))
    if len(found) > 1 and re.search(r"复议|诉讼|结转|费|不予公开", words) and "applications.received" in found:
        found.remove("applications.received")
    if "applications.received" in found and "申请" not in OTHER_APPLICATION.sub("", words):
        found.remove("applications.received")
    return tuple(found)


def _zeroed_before(verb: str, before: str, after: str, previous: str) -> tuple[str, ...]:
    """Nouns in front of the cue, as in 行政复议、行政诉讼均未发生, where its clause ends with it.

    `previous` is the clause before, for 行政复议和行政诉讼，本年未发生.
    """
    if len(after.strip("。的情况现象过案件)） ")) > 2 or FOREIGN.search(after):
        return ()
    if verb in ("收费", "收取") and not re.search(r"费", before):
        return ("information_fees.amount",)
    for words in (before, previous):
        if re.search(r"复议|诉讼|结转|申请|费|规范性文件|许可|处罚|强制", words):
            return _zeroed(verb, words)
        if len(words) > 10:
            return ()
    return ()


def _expanded(rule: Rule, verb: str, words: str) -> tuple[str, ...]:
    match rule.statistics:
        case ("#corrected",) | ("#pending",) | ("#upheld",):
            both = ("复议" in words, "诉讼" in words or "败诉" in words)
            names = [f"{family}.{rule.statistics[0][1:]}" for family in ("reconsideration", "litigation")]
            return tuple(n for n, there in zip(names, both, strict=True) if there or not any(both))
        case ("#documents",) | ("#regulations",):
            name = "normative_documents" if rule.statistics == ("#documents",) else "regulations"
            said = verb + words
            if re.search(r"现行有效|继续有效|仍然有效", said):
                return (f"{name}.in_force",)
            found = [f"{name}.repealed"] if "废止" in said else []
            if not found or re.search(r"制|印发|出台|发布|新增", said):
                found.insert(0, f"{name}.issued")
            return tuple(found)
        case ("#carried",):
            return () if re.search(r"上一?年|去年|下一?年|次年", words) else ("applications.carried_forward",)
        case _:
            return rule.statistics


def _under_headings(text: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """`依申请公开情况` over a line that reads only 无, or 收费情况:无 within a line."""
    for inline in INLINE.finditer(text):
        if statistics := _of_heading(inline["heading"]):
            yield Span(*inline.span("cue")), statistics
    heading = ""
    position = 0
    for line in text.split("\n"):
        nothing = NOTHING.fullmatch(line.strip())
        if nothing and (statistics := _of_heading(heading)):
            start = position + line.index(nothing["cue"])
            yield Span(start, start + len(nothing["cue"])), statistics
        if line.strip():
            heading = line.strip() if len(line) <= 30 and not nothing else ""
        position += len(line) + 1


def _of_heading(heading: str) -> tuple[str, ...]:
    words = own(NUMBERING.sub("", heading, count=1) if NUMBERING.match(heading) else heading)
    found = list(dict.fromkeys(s for pattern, ids in HEADINGS if pattern.search(words) for s in ids))
    if len(found) > 1 and "applications.received" in found:
        found.remove("applications.received")
    return tuple(found)
