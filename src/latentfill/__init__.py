"""Fill the missing values of multivariate time series from frozen time-series embeddings."""
