"""The labelling configuration of Label Studio, generated from the ontology.

Annotators see Chinese names; what is stored are the ids (`alias`), so that names may change freely.
"""

from __future__ import annotations

import colorsys
from typing import get_args
from xml.etree import ElementTree as ET

from jinja2 import Environment, PackageLoader, StrictUndefined

from models.ontology import KINDS, Ontology, Statistic
from models.schema.figure import Scope

TEXT, TITLE = "text", "title"
"""Keys of a task's data; the first is also the name of the object that is labelled."""
STATISTIC, SCOPE, MARKS = "statistic", "scope", "marks"
"""Names of the controls: labels, then two choices for each region."""
SCOPE_NAMES: dict[str, str] = dict(
    zip(get_args(Scope), ("本年度", "历年累计", "上年度", "部分时段", "其他"), strict=True)
)
MARK_NAMES = {"zero": "文字零(未收到、无…)", "doubtful": "标签存疑", "damaged": "原文残缺"}
"""Attributes of `GoldFigure` that are ticked."""
KIND_NAMES = dict(zip(KINDS, ("其他数量", "其他金额", "日期", "百分比"), strict=True))
KIND_KEYS = dict(zip(KINDS, "1234", strict=True))
"""Their hotkeys; those of statistics stand in `configs/statistics`."""
KIND_GROUP = "其他数字"
COLUMNS = "display: flex; gap: 20px; align-items: flex-start"
TEXT_COLUMN = "flex: 1; min-width: 0"
PANEL = "flex: 0 0 44%; position: sticky; top: 0; max-height: calc(100vh - 160px); overflow-y: auto"
"""The labels stay in sight while the text is scrolled, and the other way round."""
GROUP_TITLE = "font-size: 13px; margin: 6px 0 0"
STYLE = """
.lsf-richtext__container { font-size: 16px; line-height: 2.1; }
.lsf-richtext__container .htx-highlight::after {
  font-size: 11px; font-weight: 400; opacity: 0.7; margin-left: 3px; white-space: nowrap;
}
.lsf-choices { margin: 0; }
.lsf-choices :is(.lsf-choice, .lsf-choice__item, .lsf-choice__checkbox, .lsf-choice__checkbox > span:last-child) {
  height: 26px; line-height: 26px;
}
.lsf-labels .lsf-label { margin: 0 4px 4px 0; padding: 0 6px; min-height: 24px; font-size: 13px; }
"""
"""Room between lines for the names of labels, which stand in the text; labels that fit on a screen."""


def label_config(ontology: Ontology) -> str:
    """The configuration as XML: the text, and beside it what is chosen for a region and the labels by group."""
    view = ET.Element("View")
    ET.SubElement(view, "Style").text = STYLE
    ET.SubElement(view, "Header", value=f"${TITLE}", size="5")
    columns = ET.SubElement(view, "View", style=COLUMNS)
    text = ET.SubElement(columns, "View", style=TEXT_COLUMN)
    ET.SubElement(
        text, "Text", name=TEXT, value=f"${TEXT}", saveTextResult="yes", showLabels="true", granularity="symbol"
    )
    panel = ET.SubElement(columns, "View", style=PANEL)
    _add_choices(panel, SCOPE, "口径(不选:日期为其他,余为本年度)", SCOPE_NAMES, "single")
    _add_choices(panel, MARKS, "标记", MARK_NAMES, "multiple")
    ET.SubElement(panel, "Filter", name="filter", toName=STATISTIC, minlength="0", placeholder="查找标签")
    _add_labels(panel, ontology)
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def instructions(ontology: Ontology) -> str:
    """The guideline and the definitions as HTML, for the instructions pane."""
    groups: dict[str, list[Statistic]] = {}
    for statistic in ontology.statistics:
        groups.setdefault(statistic.group, []).append(statistic)
    environment = Environment(loader=PackageLoader("annotation"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("instructions.html").render(groups=groups)


def label_names(ontology: Ontology) -> dict[str, str]:
    """The Chinese name of every label."""
    return {**{s.id: s.name for s in ontology.statistics}, **KIND_NAMES}


def group_colours(groups: list[str]) -> dict[str, str]:
    """A colour (#rrggbb) for each group, evenly around the wheel, dark enough for white letters."""
    tones = (colorsys.hls_to_rgb(i / len(groups), 0.4, 0.65) for i in range(len(groups)))
    colours = ("#" + "".join(f"{round(part * 255):02x}" for part in tone) for tone in tones)
    return dict(zip(groups, colours, strict=True))


def _add_labels(view: ET.Element, ontology: Ontology) -> None:
    kinds = [{"value": KIND_NAMES[kind], "alias": kind, "hotkey": KIND_KEYS[kind]} for kind in KINDS]
    groups: dict[str, list[dict[str, str]]] = {KIND_GROUP: kinds}
    for statistic in ontology.statistics:
        entry = {"value": statistic.name, "alias": statistic.id, "hint": statistic.definition}
        if statistic.hotkey:
            entry["hotkey"] = statistic.hotkey
        groups.setdefault(statistic.group, []).append(entry)
    groups[KIND_GROUP] = [
        {"value": name, "alias": kind, "hotkey": KIND_KEYS[kind]} for kind, name in KIND_NAMES.items()
    ]
    colours = group_colours(list(groups))
    labels = ET.SubElement(view, "Labels", name=STATISTIC, toName=TEXT, choice="multiple", showInline="true")
    for group, entries in groups.items():
        box = ET.SubElement(labels, "View")
        ET.SubElement(box, "Header", value=group, size="6", style=GROUP_TITLE)
        for entry in entries:
            ET.SubElement(box, "Label", {**entry, "background": colours[group]})


def _add_choices(view: ET.Element, name: str, title: str, options: dict[str, str], choice: str) -> None:
    box = ET.SubElement(view, "View", visibleWhen="region-selected")
    ET.SubElement(box, "Header", value=title, size="6", style=GROUP_TITLE)
    choices = ET.SubElement(
        box, "Choices", name=name, toName=TEXT, perRegion="true", choice=choice, showInline="true"
    )  # fmt: skip
    for alias, value in options.items():
        ET.SubElement(choices, "Choice", value=value, alias=alias)
