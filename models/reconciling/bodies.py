"""Whose figure it is: of the whole jurisdiction, of the office alone, or of one unit below it.

A report's table is of one circle of agencies, its narrative may speak of several. Which circle the table
counts is seldom said, so that a figure of a named circle that differs from its cell contradicts nothing.
"""

from __future__ import annotations

import re

from models.narrative.text import SENTENCE_END
from models.schema.extraction import Extraction
from models.schema.figure import Figure

BODIES = re.compile(
    r"(?<![安健万齐完])全(?:市|县|区|省|州|盟|旗|镇|乡|系统|辖区|自治区)(?!性|额|程|民|局[势面]|县|场(?![所馆地站])|域)"
    r"|各(?:级|县|区|市|镇|乡|街道|部门|单位|科室|股室|局属|直属|下属)(?:[^，,。；;\d]{0,8}(?:部门|单位|机关|政府))?"
    r"|[省市县区州]本级|(?:局|委|厅|办|院)机关(?:本级|自身)?|机关本级"
    r"|(?:所属|下属|直属|二级)(?:单位|机构|事业单位)"
)
"""Words for a circle of agencies, where they are no part of a longer word: 全市场, but 全市场所."""
OWN = re.compile(r"[我本](?:局|委|办|厅|院|所|处|队|中心|机关|单位|部门|镇|乡|街道)")
"""Words after which the figure is the agency's own again: 按照全市部署,我局收到."""
GOVERNMENT = re.compile(r"([市县区省州盟旗镇乡])(?:人民)?政府(?:办公[室厅]|办)?$|([镇乡])$")
"""Agencies that report for all of their 市, 县 …"""


def named_body(extraction: Extraction, figure: Figure) -> str:
    """The last circle of agencies that the figure's sentence names before it, if not the report's own; else ""."""
    document, start = extraction.document, figure.sentence.start
    before = document.text[start : figure.span.start] if start <= figure.span.start else ""
    return circle(before, document.agency)


def circle(before: str, agency: str | None) -> str:
    """The last circle of agencies that words name, if not the agency's own; else "".

    Args:
        before: what stands before the figure; only its sentence counts.
        agency: whose report it is, None where it is unknown.
    """
    before = OWN.split(SENTENCE_END.split(before)[-1])[-1]
    named = [m[0] for m in BODIES.finditer(before)]
    government = GOVERNMENT.search(agency or "")
    if government is not None and f"全{government[1] or government[2]}" in named:
        return ""
    return named[-1] if named else ""
