"""What the benchmarks of delivery share: servers, accounts, and crowds of terminals."""
