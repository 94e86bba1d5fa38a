"""Orders and notices: sent from one door to many, with what each person did about it."""
