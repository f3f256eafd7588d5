"""Which tower a run gets, where there is more than one to choose from."""
