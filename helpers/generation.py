"""How drawn images are judged in chapter 4: a classifier of our own, its features, the classes covered (lesson 4.2).

The classifier's weights, the order of its batches and its rate follow from `seed` alone, not from Keras' global
seed, and training it leaves that untouched. So all lessons of the chapter measure with the same classifier.
"""
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops


class Description(NamedTuple):
    """What the classifier says of N images (lesson 4.2): features (N, C), labels (N,) and how sure it is (N,)."""

    features: np.ndarray
    labels: np.ndarray
    confidence: np.ndarray


class _Batches(keras.utils.PyDataset):
    """Batches of images and labels, in an order that depends on the seed alone."""

    def __init__(self, images, labels, batch_size, seed):
        super().__init__()
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.random = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.labels) // self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size:(batch + 1) * self.batch_size]
        return self.images[chosen], self.labels[chosen]

    def on_epoch_end(self):
        self.order = self.random.permutation(len(self.labels))


def classifier(shape, classes, features=64, seed=0):
    """The classifier of lesson 4.2, untrained: images (N, *shape) in [0, 1] -> [features (N, C), logits (N, classes)]."""
    def start(number):
        return keras.initializers.HeNormal(seed=1000 * seed + number)

    x = inputs = keras.Input(shape)
    x = layers.Conv2D(32, 3, activation="relu", padding="same", kernel_initializer=start(1))(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(64, 3, activation="relu", padding="same", kernel_initializer=start(2))(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dense(features, activation="relu", kernel_initializer=start(3))(layers.Flatten()(x))
    return keras.Model(inputs, [x, layers.Dense(classes, kernel_initializer=start(4))(x)])


def train_classifier(images, labels, epochs=2, batch_size=100, seed=0, callbacks=()):
    """Train the classifier of lesson 4.2: images (N, H, W, C) in [0, 1], labels (N,). Returns it.

    Adam with a rate that rises for a tenth of the steps and falls to zero along a cosine. Raises ValueError when
    images and labels do not fit.
    """
    images, labels = np.asarray(images, dtype="float32"), np.asarray(labels)
    if images.ndim != 4 or labels.shape != images.shape[:1] or not len(labels):
        raise ValueError(f"images {images.shape} must be (N, H, W, C) and labels {labels.shape} (N,), with N > 0")
    model = classifier(images.shape[1:], int(labels.max()) + 1, seed=seed)
    batches = _Batches(images, labels, batch_size, seed)
    steps = epochs * len(batches)
    rise = max(1, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(0.0, max(1, steps - rise), warmup_target=2e-3, warmup_steps=rise)
    answer = keras.Model(model.inputs, model.outputs[1])
    answer.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    answer.fit(batches, epochs=epochs, shuffle=False, verbose=0, callbacks=list(callbacks))
    return model


def describe(classifier, images, batch_size=500):
    """What a classifier of this module says of images (N, H, W, C) in [0, 1] (lesson 4.2). Returns a `Description`."""
    images = np.asarray(images, dtype="float32")
    if images.ndim != 4 or not len(images):
        raise ValueError(f"images must be (N, H, W, C) with N > 0, not {images.shape}")
    found = [classifier(images[first:first + batch_size]) for first in range(0, len(images), batch_size)]
    features, logits = (np.concatenate([ops.convert_to_numpy(each) for each in part]) for part in zip(*found))
    logits = logits.astype(np.float64)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return Description(features, logits.argmax(axis=1), shares.max(axis=1) / shares.sum(axis=1))


def classes_covered(description, classes, sure=0.9, share=0.05):
    """How many of `classes` occur among described images (lesson 4.2).

    A class counts when the images that are it with at least `sure` confidence are at least `share` of what the class
    would have if all occurred equally often: for 1,000 images of ten classes, 5.
    """
    counts = np.bincount(description.labels[description.confidence >= sure], minlength=classes)[:classes]
    return int(np.sum(counts >= share * len(description.labels) / classes))
