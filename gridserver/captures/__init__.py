"""Field capture (随采集、随录入): what an officer saw in the field, and what became of it."""
