"""The stub resolver in a pod: its resolv.conf, the names that it tries, the servers that it asks and asks again."""
