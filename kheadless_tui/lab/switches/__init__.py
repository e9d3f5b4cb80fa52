"""What the levers do, by the part of the cluster that they break."""
