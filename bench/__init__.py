"""What is measured, how, and the last figures. Every script runs on any machine: `make bench`, `make crash`."""
