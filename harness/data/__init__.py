"""The data set: verified files, and arrays by reference."""
