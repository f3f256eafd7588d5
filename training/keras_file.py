"""A `.keras` file from anybody: looked through before Keras builds what it speaks of.

Keras imports the modules that a file names, and some of its layers load further files or code.
Its safe mode refuses what is known to run code; here nothing is let through that no network of
siam's is made of.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

__all__ = ["load_model"]

# Of weights, which a small archive may claim to hold; of the description, a megabyte at most.
MOST_BYTES, MOST_CONFIG = 4 << 30, 16 << 20
MODULES = re.compile(r"(keras|siam)(\.\w+)*|builtins")
# They run code, or read what files and addresses the description names.
FORBIDDEN = re.compile(
    "Lambda|TFSMLayer|TorchModuleWrapper|JaxLayer|FlaxLayer|.*Lookup|TextVectorization|.*Hashing.*"
)


def load_model(path: Path) -> keras.Model:
    """Load a model in safe mode and without its optimizer.

    Raises:
        ValueError: it is no file that Keras could have written of a network of siam's.
        FileNotFoundError: there is none.
    """
    import keras

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > MOST_BYTES or archive.getinfo("config.json").file_size > MOST_CONFIG:
                raise ValueError(f"it unpacks to {size:,} bytes")
            check_config(json.loads(archive.read("config.json")))
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except FileNotFoundError:
        raise
    except Exception as error:  # Keras raises any kind for a file that it did not write
        reason = " ".join(str(error).split())[:200]
        raise ValueError(reason or type(error).__name__) from error


def check_config(config: Any) -> None:
    """Refuse a description that names a module or a class that no network of siam's is made of.

    Raises:
        ValueError: it does, with the name.
    """
    pending = [config]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            module, name = part.get("module"), part.get("class_name")
            if isinstance(module, str) and not MODULES.fullmatch(module):
                raise ValueError(f"it names the module {module[:60]!r}")
            if isinstance(name, str) and FORBIDDEN.fullmatch(name):
                raise ValueError(f"it holds a {name[:60]}")
            pending += part.values()
        elif isinstance(part, list):
            pending += part
