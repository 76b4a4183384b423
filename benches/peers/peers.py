"""The Python contestants: PyTorch, JAX and TensorFlow, on the CPU.

Started by the Rust program with the number of threads as its argument. Every line that comes in asks for one sample,
`peer workload widths hidden batch update momentum clip rate`; the answer is a line `peer workload microseconds loss`, or
`peer workload -` where the peer cannot be had. The first sample of a pair builds and warms up, and its number is to be dropped.
"""

import math
import os
import sys
import time
from types import SimpleNamespace

SAMPLE_SECONDS = 0.03
WARM_UP_SECONDS = 0.3


def workload(fields):
    name, widths, hidden, batch, update, momentum, clip, rate = fields
    widths = [int(width) for width in widths.split(",")]
    return SimpleNamespace(
        name=name, widths=widths, hidden=hidden, batch=int(batch), update=update,
        momentum=float(momentum), clip=float(clip), rate=float(rate),
    )


def batch(work):
    import numpy

    at = numpy.arange(work.batch * work.widths[0], dtype=numpy.float32)
    inputs = numpy.sin(at * numpy.float32(0.37)).reshape(work.batch, work.widths[0])
    return inputs, numpy.arange(work.batch) * 7 % work.widths[-1]


def torch_convolutions(torch):
    """Images of one channel, padded so that a convolution keeps their size."""
    layers = [torch.nn.Unflatten(1, (1, 28, 28))]
    for n_in, n_out in [(1, 16), (16, 32)]:
        layers += [torch.nn.Conv2d(n_in, n_out, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    return [*layers, torch.nn.Flatten()]


def torch_step(work, threads):
    """Eager PyTorch; `fused` is its fastest way to update on a CPU, `channels_last` to convolve."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    layers = []
    widths = work.widths
    if work.hidden == "convolutions":
        layers = torch_convolutions(torch)
        widths = [7 * 7 * 32, *widths[1:]]
    for n_in, n_out in zip(widths, widths[1:]):
        linear = torch.nn.Linear(n_in, n_out)
        torch.nn.init.xavier_uniform_(linear.weight)
        layers += [linear, torch.nn.Tanh() if work.hidden == "tanh" else torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    if work.hidden == "convolutions":
        model = model.to(memory_format=torch.channels_last)
    parameters = list(model.parameters())
    if work.update == "adam":
        optimizer = torch.optim.Adam(parameters, lr=work.rate, fused=True)
    else:
        optimizer = torch.optim.SGD(parameters, lr=work.rate, momentum=work.momentum, fused=True)
    inputs, classes = (torch.from_numpy(array) for array in batch(work))
    criterion = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(inputs), classes)
        loss.backward()
        if work.clip:
            # All norms in one call, read in one go; the global norm is that of the norms.
            norms = torch.stack(torch._foreach_norm([parameter.grad for parameter in parameters]))
            torch.nn.utils.clip_grads_with_norm_(parameters, work.clip, torch.linalg.vector_norm(norms), foreach=True)
            norms.reshape(-1, 2).square().sum(1).sqrt().tolist()
        optimizer.step()
        return loss.item()

    return step


def jax_step(work, _threads):
    """One compiled function a step, which is given the memory of parameters and optimizer to write over."""
    import jax
    import jax.numpy as jnp
    import numpy

    def network(parameters, x):
        if work.hidden == "convolutions":
            x = x.reshape(-1, 28, 28, 1)
            for kernel, bias in parameters[:-1]:
                dimensions = ("NHWC", "HWIO", "NHWC")
                x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=dimensions)
                x = jax.nn.relu(x + bias)
                # The largest of each 2 x 2, written so that its derivative is quick.
                rows, side, _, channels = x.shape
                x = x.reshape(rows, side // 2, 2, side // 2, 2, channels).max((2, 4))
            weight, bias = parameters[-1]
            return x.reshape(x.shape[0], -1) @ weight + bias
        for weight, bias in parameters[:-1]:
            x = x @ weight + bias
            x = jnp.tanh(x) if work.hidden == "tanh" else jax.nn.relu(x)
        weight, bias = parameters[-1]
        return x @ weight + bias

    inputs, classes = (jnp.asarray(array) for array in batch(work))

    def loss_of(parameters, inputs, classes):
        log_probabilities = jax.nn.log_softmax(network(parameters, inputs))
        return -jnp.take_along_axis(log_probabilities, classes[:, None], axis=1).mean()

    def tree(function, *trees):
        return jax.tree.map(function, *trees)

    def update(parameters, gradients, state):
        if work.update == "adam":
            count, first, second = state
            count = count + 1
            first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
            second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
            rate, root = work.rate / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
            parameters = tree(lambda p, m, v: p - rate * m / (jnp.sqrt(v) / root + 1e-8), parameters, first, second)
            return parameters, (count, first, second)
        if work.momentum:
            state = tree(lambda v, g: work.momentum * v + g, state, gradients)
            return tree(lambda p, v: p - work.rate * v, parameters, state), state
        return tree(lambda p, g: p - work.rate * g, parameters, gradients), state

    def train(parameters, state, inputs, classes):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, inputs, classes)
        norms = ()
        if work.clip:
            norms = jnp.sqrt(jnp.stack([(weight**2).sum() + (bias**2).sum() for weight, bias in gradients]))
            factor = jnp.minimum(1.0, work.clip / jnp.sqrt((norms**2).sum()))
            gradients = tree(lambda g: g * factor, gradients)
        parameters, state = update(parameters, gradients, state)
        return parameters, state, loss, norms

    random = numpy.random.default_rng(1)
    parameters = []
    shapes = list(zip(work.widths, work.widths[1:]))
    if work.hidden == "convolutions":
        shapes = [(3, 3, 1, 16), (3, 3, 16, 32), (7 * 7 * 32, work.widths[-1])]
    for shape in shapes:
        bound = math.sqrt(6 / (math.prod(shape[:-1]) + shape[-1]))
        parameters.append(tuple(
            jnp.asarray(random.uniform(-bound, bound, size).astype(numpy.float32)) for size in (shape, shape[-1])
        ))
    state = ()
    if work.update == "adam":
        state = (jnp.zeros(()), tree(jnp.zeros_like, parameters), tree(jnp.zeros_like, parameters))
    elif work.momentum:
        state = tree(jnp.zeros_like, parameters)
    compiled = jax.jit(train, donate_argnums=(0, 1))
    held = [parameters, state]

    def step():
        held[0], held[1], loss, norms = compiled(held[0], held[1], inputs, classes)
        jax.block_until_ready(held)
        if work.clip:
            numpy.asarray(norms).tolist()
        return float(loss)

    return step


def tensorflow_step(work, threads):
    """One graph a step; compiling it by XLA as well made it slower wherever it was tried."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    if not tf.config.threading.get_intra_op_parallelism_threads():
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    layers, dense = tf.keras.layers, "tanh" if work.hidden == "tanh" else "relu"
    stack = [layers.Input((work.widths[0],))]
    if work.hidden == "convolutions":
        stack.append(layers.Reshape((28, 28, 1)))
        for channels in (16, 32):
            stack += [layers.Conv2D(channels, 3, padding="same", activation="relu"), layers.MaxPool2D(2)]
        stack.append(layers.Flatten())
    stack += [layers.Dense(width, activation=dense) for width in work.widths[1:-1]]
    model = tf.keras.Sequential([*stack, layers.Dense(work.widths[-1])])
    parameters = model.trainable_variables

    def slots():
        return [tf.Variable(tf.zeros_like(parameter)) for parameter in parameters]

    first = slots() if work.update == "adam" or work.momentum else None
    second = slots() if work.update == "adam" else None
    count = tf.Variable(0.0)
    inputs, classes = (tf.constant(array) for array in batch(work))

    @tf.function
    def train(inputs, classes):
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits))
        gradients, norms = tape.gradient(loss, parameters), loss
        if work.clip:
            squares = tf.stack([tf.reduce_sum(gradient * gradient) for gradient in gradients])
            norms = tf.sqrt(tf.reduce_sum(tf.reshape(squares, (-1, 2)), axis=1))
            factor = tf.minimum(1.0, work.clip / tf.sqrt(tf.reduce_sum(squares)))
            gradients = [gradient * factor for gradient in gradients]
        if work.update == "adam":
            now = count.assign_add(1.0)
            rate, root = work.rate / (1 - 0.9**now), tf.sqrt(1 - 0.999**now)
        for at, (parameter, gradient) in enumerate(zip(parameters, gradients)):
            if work.update == "adam":
                m = first[at].assign(0.9 * first[at] + 0.1 * gradient)
                v = second[at].assign(0.999 * second[at] + 0.001 * gradient * gradient)
                parameter.assign_sub(rate * m / (tf.sqrt(v) / root + 1e-8))
            elif work.momentum:
                parameter.assign_sub(work.rate * first[at].assign(work.momentum * first[at] + gradient))
            else:
                parameter.assign_sub(work.rate * gradient)
        return loss, norms

    def step():
        loss, norms = train(inputs, classes)
        if work.clip:
            norms.numpy().tolist()
        return float(loss)

    return step


def steps_for(step):
    """Warms up, and says how many steps make a sample."""
    step()
    step()
    start, steps = time.perf_counter(), 0
    while steps < 3 or time.perf_counter() - start < WARM_UP_SECONDS:
        step()
        steps += 1
    return max(1, math.ceil(SAMPLE_SECONDS * steps / (time.perf_counter() - start)))


def main():
    threads = int(sys.argv[1])
    makers = {"pytorch": torch_step, "jax": jax_step, "tensorflow": tensorflow_step}
    built = {}
    for line in sys.stdin:
        peer, *fields = line.split()
        work = workload(fields)
        if (peer, work.name) not in built:
            # What came before is over: its memory is given back.
            built = {pair: held for pair, held in built.items() if pair[1] == work.name}
            try:
                step = makers[peer](work, threads)
                built[peer, work.name] = (step, steps_for(step))
            except Exception as error:
                print(f"{peer} {work.name}: {error!r}", file=sys.stderr)
                built[peer, work.name] = None
        if built[peer, work.name] is None:
            print(peer, work.name, "-", flush=True)
            continue
        step, steps = built[peer, work.name]
        start = time.perf_counter()
        for _ in range(steps):
            loss = step()
        elapsed = time.perf_counter() - start
        print(peer, work.name, f"{elapsed / steps * 1e6:.3f}", f"{loss:.6f}", flush=True)


main()
