"""Transfer learning for facial emotion recognition: what the stages and the tools share.

Importing it takes out of the environment what could change a result, and sets what TensorFlow
and Keras need, before either is imported.
"""

from fer_transfer import environment

environment.isolate()
