"""Speed and memory beside rumur and SPIN, on the same models; `make bench` runs it, README.md has the figures."""
