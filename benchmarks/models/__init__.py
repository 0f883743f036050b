"""The models, each as a transition system and beside it as Murphi (.m) and as Promela (.pml)."""
