"""What Python programs call beside `impute`: the scikit-learn estimator, and the commands as functions."""
