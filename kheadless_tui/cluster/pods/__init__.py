"""Running a program in a pod, and the pods and containers that are made for it."""
