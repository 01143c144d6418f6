"""Tools and contenders of the benchmarks; none of these modules is a benchmark by itself."""
