"""The torch side: modules, distributions, training. This folder and `ops/torch.py` own torch."""
