"""The bureau's tables: routes, ladders, limits, parameters, liaisons, mobilisation. Rows that hold
for a time, edited by an admin; a decision sees them as `gridserver.dispatch.norms.Norms`."""
