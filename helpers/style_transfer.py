"""Style transfer's yardsticks: features of VGG19, Gram matrices, and the three losses (all taught in lesson 6.1).

The losses of content and style are relative: a squared distance, divided by the squared length of the target.
So layers weigh the same although their maps differ a thousandfold in strength, and 0 means equal.
"""
import numpy as np

CONTENT_LAYERS = ("block4_conv2",)
STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
SMALLEST = 16  # pixels: VGG19 halves a picture four times before block5
_MEAN = (103.939, 116.779, 123.68)  # of ImageNet's blue, green and red, in 8-bit levels, as VGG19 was trained


def features(layers=STYLE_LAYERS + CONTENT_LAYERS, pooling="average"):
    """VGG19 as a measuring instrument: a frozen model from pictures to the maps of the named layers.

    layers: names such as "block4_conv2"; pooling: "average" (smoother pictures, Gatys et al. 2016) or "max" (as
    VGG19 was trained). Returns (model, source). The model takes images (N, H, W, 3) in [0, 1] of any size from
    16 pixels on, prepares them as VGG19 expects, and gives a list of maps (N, h, w, C) in the order of `layers`; for
    one layer alone the map itself, as Keras models do.
    Nothing beyond the last of them is computed. source: "cache", "mirror", "network" or "stand-in", as
    `datasets.imagenet_model` says. Raises ValueError for an unknown layer or pooling.
    """
    import keras

    from helpers import datasets

    if pooling not in ("average", "max"):
        raise ValueError(f"pooling must be 'average' or 'max', not {pooling!r}")
    layers = [layers] if isinstance(layers, str) else list(layers)
    known = [f"block{block}_conv{place}" for block, depth in enumerate((2, 2, 4, 4, 4), start=1)
             for place in range(1, depth + 1)]
    if not layers or set(layers) - set(known):
        raise ValueError(f"layers must be some of VGG19's {known[0]} to {known[-1]}, not {layers}")
    network, source = datasets.imagenet_model("vgg19", include_top=False)
    inputs = keras.Input((None, None, 3))
    x = 255 * keras.ops.flip(inputs, axis=-1) - np.array(_MEAN, dtype="float32")
    maps = {}
    for layer in network.layers[1:]:
        if layer.name.endswith("_pool") and pooling == "average":
            layer = keras.layers.AveragePooling2D(2, name=layer.name)
        maps[layer.name] = x = layer(x)
        if set(layers) <= set(maps):
            break
    model = keras.Model(inputs, [maps[name] for name in layers], name="vgg19_features")
    model.trainable = False
    return model, source


def gram(feature_map):
    """Mean products of channels: (N, H, W, C) -> (N, C, C), symmetric; where a pattern is does not enter.

    The sum over all places divided by their number H * W, so pictures of different sizes compare. Raises
    ValueError for another shape.
    """
    from keras import ops

    shape = ops.shape(feature_map)
    if len(shape) != 4:
        raise ValueError(f"a feature map must be (N, H, W, C), not {tuple(shape)}")
    places = shape[1] * shape[2]
    rows = ops.reshape(feature_map, (-1, places, shape[3]))
    return ops.matmul(ops.transpose(rows, (0, 2, 1)), rows) / ops.cast(places, rows.dtype)


def style_loss(maps, target_grams):
    """How far the Gram matrices of some maps are from the style's: a scalar, 0 for the style itself.

    maps: list of (N, H, W, C); target_grams: list of (1, C, C) or (N, C, C), one for each. The mean over layers
    and pictures of |G - A|^2 / |A|^2. Raises ValueError when the lists differ in length.
    """
    return _mean_relative([gram(each) for each in _listed(maps)], target_grams)


def content_loss(maps, target_maps):
    """How far some maps are from the photograph's: a scalar, 0 for the photograph itself.

    maps, target_maps: lists of (N, H, W, C), or (1, H, W, C) for one target. The mean over layers and pictures
    of |F - P|^2 / |P|^2. Raises ValueError when the lists differ in length.
    """
    return _mean_relative(maps, target_maps)


def _listed(maps):
    return list(maps) if isinstance(maps, (list, tuple)) else [maps]


def _mean_relative(ours, targets):
    from keras import ops

    ours, targets = _listed(ours), _listed(targets)
    if len(ours) != len(targets) or not len(ours):
        raise ValueError(f"there are {len(ours)} maps, but {len(targets)} targets")
    distances = []
    for one, target in zip(ours, targets):
        axes = tuple(range(1, len(ops.shape(one))))
        distance = ops.sum(ops.square(ops.subtract(one, target)), axis=axes)
        distances.append(ops.mean(distance / (ops.sum(ops.square(target), axis=axes) + 1e-12)))
    return sum(distances) / len(distances)


def total_variation(images):
    """Mean squared difference of neighbouring pixels, downwards plus across: a scalar for (N, H, W, C)."""
    from keras import ops

    down = ops.mean(ops.square(images[:, 1:] - images[:, :-1]))
    across = ops.mean(ops.square(images[:, :, 1:] - images[:, :, :-1]))
    return down + across


def fitted(image, longest):
    """A picture as this chapter uses it: colour, float32 in [0, 1], its longest side `longest` pixels.

    image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8 or floats in [0, 1]. Grey becomes three equal
    channels; what is transparent is laid on white. Bicubic, with antialiasing where it shrinks. Returns
    (h, w, 3). Raises ValueError for another shape or type, and when a side would fall below 16 pixels.
    """
    from PIL import Image

    image = np.asarray(image)
    if image.dtype != np.uint8 and not np.issubdtype(image.dtype, np.floating):
        raise ValueError(f"an image must be uint8 or floats in [0, 1], not {image.dtype}")
    levels = image.astype(np.float32) / (255 if image.dtype == np.uint8 else 1)
    if levels.ndim == 2:
        levels = levels[..., None]
    if levels.ndim != 3 or levels.shape[-1] not in (1, 3, 4):
        raise ValueError(f"an image must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {image.shape}")
    if levels.shape[-1] == 4:
        levels = levels[..., :3] * levels[..., 3:] + 1 - levels[..., 3:]
    height, width = levels.shape[:2]
    scale = longest / max(height, width)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    if min(size) < SMALLEST:
        raise ValueError(f"an image of {height} x {width} pixels would become {size[1]} x {size[0]}; VGG19 needs "
                         f"{SMALLEST} a side: choose a larger `longest` or cut the image")
    channels = [Image.fromarray(np.ascontiguousarray(levels[..., channel])).resize(size, Image.Resampling.BICUBIC)
                for channel in range(levels.shape[-1])]
    return np.clip(np.stack([np.asarray(channel) for channel in channels] * (3 // len(channels)), axis=-1), 0, 1)
