"""What the DNS server keeps of the objects that it watches."""
