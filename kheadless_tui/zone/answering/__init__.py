"""From a name that has been read to the records of its answer: by type, in order, cached, cut to size."""
