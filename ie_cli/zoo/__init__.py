"""The model zoo: encoders by name, and model folders on disk.

An encoder family is a module with
    create(settings, texts)  a new encoder for training
    save(encoder, folder)    what its tokenizer and shape need, without weights: a part of a model folder
    open(folder, settings)   the same back, weights still to be loaded
    write(encoder, folder, bits)   all of it with the weights, as a folder that `create` can begin with
"""
