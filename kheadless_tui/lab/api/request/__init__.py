"""A request read: its path, its options, its body in JSON, YAML and protobuf, its patch, its page of a list."""
