"""After-action review (复盘评估): what happened in an incident or an operation, what was remarked
on it, what was learnt, and who signed that off."""
