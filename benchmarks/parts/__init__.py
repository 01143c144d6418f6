"""What the benchmarks measure with, and what they measure against; none of these modules is a benchmark by itself."""
