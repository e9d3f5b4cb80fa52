"""What is inside pods: images, the programs in them, and the network that they see."""
