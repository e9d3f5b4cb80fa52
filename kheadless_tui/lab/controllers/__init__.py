"""What moves objects towards what is asked: kubelet, workload and endpoint controllers, in small."""
