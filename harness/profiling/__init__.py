"""Where the time of a step goes. In go a worker and an operation; out comes what each kind of work took of it."""
