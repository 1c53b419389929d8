"""Whose report it is and of which year: title, agency, report year."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from models.lines import Line
from models.numerals import fold, parse_numeral
from models.schema.document import Span

SUBJECT = r"(?:政府|政务|公共企事业单位)?信息公开"
REPORT = rf"{SUBJECT}(?:工作)?(?:情况)?(?:年度)?(?:工作)?(?:情况)?(?:年度)?的?(?:报告|年报)"
YEAR = r"(?P<year>(?:19|20)\d\d|二[〇○零Ｏ0]?[〇○零一二Ｏ][〇○零一二三四五六七八九Ｏ])"
BEFORE = r"(?P<agency>[^,，。；;:：\n|]{0,60}?)"
TITLES = (
    re.compile(rf"{BEFORE}[(（]?{YEAR}年?度?[)）]?(?P<after>[^,，。；;:：\n|]{{0,30}}?){REPORT}"),
    re.compile(rf"{BEFORE}(?P<after>){REPORT}(?:[(（]{YEAR}年?度?[)）])"),
    re.compile(rf"{BEFORE}(?P<after>){SUBJECT}(?:工作)?{YEAR}年?度?(?:工作)?(?:报告|年报)"),
)
"""Orders of agency, year and 报告, of words without spaces."""
CITED = re.compile(
    r"《[^《》]{0,80}(?:条例|通知|规定|办法|格式|意见|要点|函|法)》|[(（][^()（）]{0,30}?[〔\[【]?(?:19|20)\d\d[〕\]】]?第?\d{1,4}号[^()（）]{0,10}[)）]"
)
"""Documents that a report follows, and their numbers."""
PREFACE = re.compile(r"^\W*(?:根据|按照|依据|依照|遵照|为了?|本年?度?报告|现将|特将)")
"""How a sentence begins that tells of the report and is not its title."""
PREFACED = re.compile(
    rf"(?:公布|公开|发布|编制|编写|形成|由)(?:了|完成)?《?(?P<agency>[\u4e00-\u9fff（）()]{{2,40}}?)(?:编制|编写|形成)?的?{YEAR}年?度?[^,，。；;:：\n|]{{0,30}}?{REPORT}"
)
ORGANISATION = re.compile(
    r"[\u4e00-\u9fff（）()·]{2,30}?(?:人民政府|政府办公室|政府办|信访办|管理委员会|管委会|委员会|办事处|办公室|街道|分局|总局|局|厅|部|委|署|院|中心|镇|乡|海关|支队|大队|所|处|行)"
)
CONTACT = re.compile(
    r"(?:请|可|与|联系|致电)\s{0,3}(?:与|和|同|向|联系)?\s{0,3}(?P<agency>[\u4e00-\u9fff（）()]{4,30}?)(?:办公室|党政办|综合科|秘书科)?(?:联系|反映|咨询|[(（](?:地址|联系))"
)
WAY = re.compile(r"[>›»〉].*[>›»〉]")
"""首页 > 政府信息公开 > 年报."""
PERIOD = re.compile(r"(?:时限|期限|时间|期间|数据)[^。\n]{0,12}?((?:19|20)\d\d)\s*年\s*1\s*月\s*1\s*日")
CONTACT_LINE = re.compile(r"联系(?:单位|部门|机构|方式)?[:：]\s*(?P<agency>[\u4e00-\u9fff]{4,30}?)(?=[;；,，。(（])")
OFFICE = re.compile(r"(?:政府信息公开|政务公开|信息公开|电子政务|党政综合)[^\s]{0,8}$")
"""Of an agency, who answers questions."""
PUBLISHER = re.compile(
    r"(?:发布|公开|编制|责任)(?:机构|单位|主体|机关)\s{0,3}[:：|]\s{0,3}(?P<agency>[\u4e00-\u9fff]{4,30}?)(?=[\s;；,，。|]|$)",
    re.MULTILINE,
)
SPEAKER = re.compile(
    r"(?:^|\n)\s{0,8}(?:20\d\d年度?[,，]\s{0,3})?(?P<agency>(?![我本全])[\u4e00-\u9fff]{3,25}?)(?=认真|高度重视|严格|坚持|深入|积极|按照|全面|紧紧|始终|扎实|切实)"
)
"""Who does what the first sentences tell."""
BY_ITSELF = re.compile(r"(?:本报告由|现?由)(?P<agency>[\u4e00-\u9fff（）()]{4,30}?)(?:编制|根据|按照)")


@dataclass(frozen=True, slots=True)
class Identity:
    """Title line, agency and report year; each may be unknown."""

    title: str
    title_span: Span | None
    agency: str | None
    year: int | None


UNKNOWN = Identity("", None, None, None)


def identify(text: str, lines: list[Line], page_title: str) -> Identity:
    """Read title, agency and year from the best title-like line, else from what the text says.

    Links to reports of other years look like the title. The year of the statistics decides where
    the text tells it; then an agency at the head of the line; then the first line.
    """
    folded = fold(text)
    period = int(match[1]) if (match := PERIOD.search(folded)) else None
    titles = _titles(lines[:60])
    if not titles and (page := _title(page_title[:300])):
        titles = [Identity(page_title, None, page[0], page[1])]
    agreeing = [t for t in titles if t.year == period] or titles
    named = [t for t in agreeing if t.agency] or agreeing
    same = [t for t in agreeing if t.year == named[0].year] if named else []
    best = next((t for t in same if t.agency and _ends_as_title(t.title)), same[0] if same else UNKNOWN)
    prefaced = _prefaced(lines[:60])
    return Identity(
        best.title,
        best.title_span,
        best.agency or prefaced.agency or _agency_of_text(text, lines),
        best.year or period or prefaced.year or _year_of_text(folded),
    )


def _prefaced(lines: list[Line]) -> Identity:
    """What the sentences before the report say of whose and of which year it is; they are no title."""
    for line in lines:
        words = CITED.sub("", re.sub(r"\s+", "", fold(line.text[:1000])))
        for match in PREFACED.finditer(words) if PREFACE.match(words) else ():
            if ORGANISATION.fullmatch(match["agency"]) and match["agency"][0] not in "我本":
                return Identity("", None, match["agency"], _year(match["year"]))
    return UNKNOWN


def _titles(lines: list[Line]) -> list[Identity]:
    """What title-like lines say; lines are joined in pairs only where no single one is a title.

    The way through a site to the page counts only where nothing else does.
    """
    for n in (1, 2):
        found = [title for first in range(len(lines) - n + 1) if (title := _title_of(lines, first, n))]
        if found:
            return [title for title in found if not WAY.search(title.title)] or found
    return []


def _title_of(lines: list[Line], first: int, n: int) -> Identity | None:
    group = lines[first : first + n]
    words = "".join(line.text for line in group)
    if any(len(line.text) > (120 if n == 1 else 40) for line in group) or PREFACE.match(fold(words)):
        return None
    if not (title := _title(words)):
        return None
    agency, year = title
    start = group[0].start
    if agency is None and first and len(lines[first - 1].text) <= 30:
        agency = _agency(lines[first - 1].text, whole=True)
        start = lines[first - 1].start if agency else start
    return Identity(words, Span(start, group[-1].end), agency, year)


def _title(words: str) -> tuple[str | None, int | None] | None:
    """Agency and year of words that are a title, None where they are none."""
    plain = CITED.sub("", re.sub(r"\s+", "", fold(words)))
    match = next(filter(None, (t.search(plain) for t in TITLES)), None)
    return match and (_agency(match["agency"]) or _agency(match["after"]), _year(match["year"]))


def _ends_as_title(words: str) -> bool:
    return bool(re.search(r"(?:报告|年报|[)）])\W*$", words))


def _year(digits: str) -> int | None:
    value = parse_numeral(digits.replace("Ｏ", "〇").replace("O", "〇"))
    return int(value) if value is not None and 1990 <= value <= 2100 else None


def _agency(words: str, *, whole: bool = False) -> str | None:
    words = re.sub(
        r"^.*[>〉》\]】]|^关于|^(?:现将?|特)?(?:向社会)?(?:公布|发布|公开|印发|编制)?|(?:关于|的)$",
        "",
        words.strip(" -—_|\"“”'#*"),
    ).strip()
    if whole:
        match = ORGANISATION.fullmatch(words)
        return words if match else None
    words = words.strip("《")
    return words if len(words) >= 2 and words[0] not in "我由" and re.search(r"[\u4e00-\u9fff]{2}", words) else None


def _agency_of_text(text: str, lines: list[Line]) -> str | None:
    folded = fold(text[:6000])
    for pattern in (BY_ITSELF, PUBLISHER, CONTACT, CONTACT_LINE, SPEAKER):
        if match := pattern.search(folded):
            agency = OFFICE.sub("", match["agency"])
            if ORGANISATION.fullmatch(agency) or (pattern is not SPEAKER and ORGANISATION.match(agency)):
                return agency
    for line in reversed(lines[-12:]):
        if ORGANISATION.fullmatch(line.text):
            return line.text
    return None


def _year_of_text(folded: str) -> int | None:
    """The year named most often, the earliest of equals, outside titles of documents."""
    years = Counter(re.findall(r"(?<!\d)(20[0-3]\d)\s*年", re.sub(r"《[^《》]{0,120}》", "", folded)))
    return int(max(sorted(years), key=years.__getitem__)) if years else None
