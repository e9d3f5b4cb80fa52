"""Files of manifests: YAML and JSON in, objects out, and the file and line of every mistake."""
