"""The course's yardsticks. Each is taught in a lesson and tested against a reference implementation."""
import numpy as np


def accuracy(labels, predictions):
    """Share of right answers (lesson 1.1).

    labels (N,) int; predictions (N,) int class indices, or (N, classes) scores whose largest counts.
    Returns a float in [0, 1]. Raises ValueError when the shapes do not fit or there is nothing to compare.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if predictions.ndim == 2:
        predictions = predictions.argmax(axis=-1)
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must be (N,) with N > 0")
    return float(np.mean(labels == predictions))


def confusion_matrix(labels, predictions, classes):
    """How often each class was taken for each other one (lesson 1.1).

    labels, predictions (N,) int in [0, classes). Returns (classes, classes) int: row truth, column prediction.
    """
    labels, predictions = np.asarray(labels, dtype=int), np.asarray(predictions, dtype=int)
    if labels.shape != predictions.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} must both be (N,)")
    if labels.size and not (0 <= min(labels.min(), predictions.min())
                            and max(labels.max(), predictions.max()) < classes):
        raise ValueError(f"class indices must lie in [0, {classes})")
    return np.bincount(labels * classes + predictions, minlength=classes * classes).reshape(classes, classes)


def multiply_adds(model):
    """Multiply-adds of one forward pass for one image: convolutions and dense layers alone (lesson 1.1).

    Counts k·k·(input channels / groups)·(output channels) for each position of a convolution's output, and
    inputs·outputs for a dense layer; biases, activations, pooling and normalisation are left out, as in the
    papers. `model` is a built Keras model whose image size is fixed. Raises ValueError where it is not.
    """
    import keras

    total = 0
    for layer in _leaves(model):
        if isinstance(layer, keras.layers.Dense):
            positions, kernel = layer.output.shape[1:-1], layer.kernel
        elif isinstance(layer, (keras.layers.DepthwiseConv2D, keras.layers.Conv2D)):
            channels_first = layer.data_format == "channels_first"
            positions, kernel = (layer.output.shape[2:] if channels_first else layer.output.shape[1:-1]), layer.kernel
        else:
            continue
        if None in positions:
            raise ValueError(f"layer {layer.name} has no fixed size {layer.output.shape}; build the model with one")
        total += int(np.prod(positions, dtype=np.int64)) * int(np.prod(kernel.shape, dtype=np.int64))
    return total


def _leaves(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer)
        else:
            yield layer
