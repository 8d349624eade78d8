"""Code of a version: `inference.py`, with the hooks of SageMaker's container for TensorFlow.

`input_handler(data, context)` makes the body of a TensorFlow Serving prediction of what a caller sent, and
`output_handler(data, context)` makes what the caller gets of the prediction's answer. A version has one or both.
Nothing here is imported before a stack that allows code is asked for a version that has it.
https://github.com/aws/sagemaker-tensorflow-serving-container#prepost-processing
"""
