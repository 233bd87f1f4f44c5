"""The way MNIST is trained in most notebooks: what the implementations beside it are measured against."""
