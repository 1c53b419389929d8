"""Whose report it is and of which year: title, agency, report year."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.lines import Line
from models.numerals import fold, parse_numeral
from models.schema.document import Span

REPORT = r"(?:政府|政务|公共企事业单位)?信息公开(?:工作)?(?:情况)?(?:年度)?(?:工作)?(?:情况)?(?:年度)?(?:报告|年报)"
TITLE = re.compile(
    rf"(?P<agency>[^，。；;:：\n|]{{0,60}}?)[(（]?(?P<year>(?:19|20)\d\d|二[〇○零Ｏ0]?[〇○零一二Ｏ][〇○零一二三四五六七八九Ｏ])\s*年?度?[)）]?"
    rf"\s*(?P<after>[^，。；;:：\n|]{{0,30}}?){REPORT}"
)
ORGANISATION = re.compile(
    r"[\u4e00-\u9fff（）()·]{2,30}?(?:人民政府|政府办公室|政府办|管理委员会|管委会|委员会|办事处|办公室|街道|分局|总局|局|厅|部|委|署|院|中心|镇|乡|海关|支队|大队|所|处|行)"
)
CONTACT = re.compile(
    r"(?:请|可|与|联系|致电)\s*(?:与|和|同|向|联系)?\s*(?P<agency>[\u4e00-\u9fff（）()]{4,30}?)(?:办公室|党政办|综合科|秘书科)?(?:联系|反映|咨询|[(（](?:地址|联系))"
)
PERIOD = re.compile(r"(?:时限|期限|时间|期间|数据)[^。\n]{0,12}?((?:19|20)\d\d)\s*年\s*1\s*月\s*1\s*日")
CONTACT_LINE = re.compile(r"联系(?:单位|部门|机构|方式)?[:：]\s*(?P<agency>[\u4e00-\u9fff]{4,30}?)(?=[;；,，。(（])")
BY_ITSELF = re.compile(r"(?:本报告由|现?由)(?P<agency>[\u4e00-\u9fff（）()]{4,30}?)(?:编制|根据|按照)")


@dataclass(frozen=True, slots=True)
class Identity:
    """Title line, agency and report year; each may be unknown."""

    title: str
    title_span: Span | None
    agency: str | None
    year: int | None


def identify(text: str, lines: list[Line], page_title: str) -> Identity:
    """Read title, agency and year from the first title-like line, else from what the text says."""
    title, span, agency, year = "", None, None, None
    for first, last in _title_lines(lines[:60]):
        words = "".join(line.text for line in lines[first : last + 1])
        if not (match := TITLE.search(fold(words))):
            continue
        title, span, year = words, Span(lines[first].start, lines[last].end), _year(match["year"])
        agency = _agency(match["agency"]) or _agency(match["after"])
        if agency is None and first and len(lines[first - 1].text) <= 30:
            agency = _agency(lines[first - 1].text, whole=True)
            if agency:
                span = Span(lines[first - 1].start, lines[last].end)
        break
    if not title and (match := TITLE.search(fold(page_title))):
        title, year, agency = page_title, _year(match["year"]), _agency(match["agency"])
    year = year or _year_of_text(text)
    return Identity(title, span, agency or _agency_of_text(text, lines), year)


def _title_lines(lines: list[Line]) -> Iterator[tuple[int, int]]:
    """Lines that may be the title: single ones first, then pairs, for titles break over two lines."""
    for n in (1, 2):
        for first in range(len(lines) - n + 1):
            group = lines[first : first + n]
            if all(len(line.text) <= (120 if n == 1 else 40) for line in group):
                yield first, first + n - 1


def _year(digits: str) -> int | None:
    value = parse_numeral(digits.replace("Ｏ", "〇").replace("O", "〇"))
    return int(value) if value is not None and 1990 <= value <= 2100 else None


def _agency(words: str, *, whole: bool = False) -> str | None:
    words = re.sub(r"^.*[>〉》\]】]|^关于|^(?:公布|发布|印发)|的$", "", words.strip(" -—_|\"“”'#*")).strip()
    if whole:
        match = ORGANISATION.fullmatch(words)
        return words if match else None
    return words if len(words) >= 2 and re.search(r"[\u4e00-\u9fff]{2}", words) else None


def _agency_of_text(text: str, lines: list[Line]) -> str | None:
    folded = fold(text[:6000])
    for pattern in (BY_ITSELF, CONTACT, CONTACT_LINE):
        if (match := pattern.search(folded)) and ORGANISATION.match(match["agency"]):
            return match["agency"]
    for line in reversed(lines[-12:]):
        if ORGANISATION.fullmatch(line.text):
            return line.text
    return None


def _year_of_text(text: str) -> int | None:
    folded = fold(text)
    if match := PERIOD.search(folded):
        return int(match[1])
    years = re.findall(r"(?<!\d)(20[0-3]\d)\s*年", re.sub(r"《[^》]*》", "", folded))
    return int(max(set(years), key=years.count)) if years else None
