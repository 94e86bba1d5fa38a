"""Person-of-interest bulletins: few, current, lawful, checked, each look written down."""
