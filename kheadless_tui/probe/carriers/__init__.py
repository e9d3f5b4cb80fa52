"""Carriers: the programs in a container by which questions travel (``nc`` and its like, ``dig``, ``nslookup``)."""
