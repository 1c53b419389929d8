"""Where figures are reconciled; functions marked `@check` are found here."""
