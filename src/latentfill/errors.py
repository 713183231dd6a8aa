"""Everything a user can cause ends in one of these; each message says what was wrong and the way out."""


class LatentFillError(Exception):
    """Base of all errors that latentfill raises on purpose."""


class InputError(LatentFillError, ValueError):
    """A file, table or setting that cannot be used as it is."""


class EmbeddingMismatchError(InputError):
    """Stored embeddings that do not belong to the windows they are paired with."""


class OracleEmbeddingError(LatentFillError):
    """Scoring was asked for with embeddings that may have seen the hidden values."""


class NotFittedError(LatentFillError):
    """Something was asked to fill before it was fitted."""


class ModelFormatError(LatentFillError):
    """A model folder that is incomplete, from another format, or inconsistent."""
