"""The data set. In go a folder of the user's, or nothing; out come verified files, and arrays by reference."""
