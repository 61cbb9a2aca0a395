"""What is measured, on tensors that are passed in: time, the spread of weights, how near a fit comes to a pattern."""
