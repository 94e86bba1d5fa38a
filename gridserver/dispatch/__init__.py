"""Who gets an incident and why; the task, its offers and its life."""
