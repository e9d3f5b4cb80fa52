"""The embedded cluster: a real API server at the wire, small controllers, DNS and pods, all in this process.

What it says is held against a real cluster in ``tests/parity``. What it does otherwise, and means to:

=====================  ==============================================================================================
here                   on a cluster
=====================  ==============================================================================================
busybox up to 1.28     has its old nslookup, as that image does; in images made for tests it may be a newer one
resolv.conf            without search domains of the node, which a cluster may add behind its own
nginx                  serves one line, the pod's name, at every pod
NetworkPolicy          always enforced; elsewhere that takes a CNI plugin that does
node-local cache       at 169.254.20.10 on every node, but in no pod's resolv.conf; also for reverse zones
outside                one DNS server that knows example.com and mysql.example.com; no other address answers
files in containers    cannot be written, but for what wget and curl save; they are forgotten when the program ends
events                 those that would have expired by the start were never made
=====================  ==============================================================================================
"""
