"""A complete form with the values that a test wants."""

from __future__ import annotations

from models.forms import load_forms, table_rows


def tables(**values: int) -> str:
    """A complete 2021 form, one cell a line; zero but for the given cells (`__` for a dot)."""
    form = load_forms()["2021"]
    wanted = {name.replace("__", "."): value for name, value in values.items()}
    assert set(wanted) <= set(form.cells)
    lines = []
    for table in form.tables:
        for block in table.blocks:
            lines += list(block.captions) + [c.labels[0] for c in block.columns]
        across = [row for row in table_rows(table) if table.blocks[0].layout == "across"]
        for row in table_rows(table):
            if not across:
                lines += [group[0] for group in row.groups[-1:]] + [row.labels[0]]
            elif row is across[0]:
                lines += [r.labels[0] for r in across]
            lines += [str(wanted.get(row.cell(table.id, c), 0)) for c in row.columns] if not across else []
        lines += [str(wanted.get(row.cell(table.id, c), 0)) for row in across for c in row.columns]
    return "\n".join(lines)
