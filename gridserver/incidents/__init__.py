"""What was reported, where and when."""
