"""How a message reaches a terminal and a command comes back: nothing lost, nothing done twice."""
