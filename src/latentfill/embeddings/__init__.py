"""Embeddings: read from files, packed into banks, or made by an encoder."""

from latentfill.embeddings.bank import Bank, Part, load_bank, save_bank
from latentfill.embeddings.base import Embeddings, Provenance, StoredEmbeddings
from latentfill.embeddings.h5_windows import write_split
from latentfill.embeddings.timekd_files import load_split, open_embeddings

__all__ = [
    "Bank",
    "Embeddings",
    "Part",
    "Provenance",
    "StoredEmbeddings",
    "load_bank",
    "load_split",
    "open_embeddings",
    "save_bank",
    "write_split",
]
