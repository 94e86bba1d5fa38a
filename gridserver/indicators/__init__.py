"""Figures of the county's work, read from the rows of the rooms below: what the day brought, how
long each stretch of a task's way takes, who carries how much. Nothing here is stored."""
