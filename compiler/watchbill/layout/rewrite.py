"""A file replaced whole: whoever reads it meanwhile, or after the power failed, sees the old text or the new one."""

import contextlib
import os
import tempfile
from pathlib import Path

from watchbill.source.codes import tools as codes
from watchbill.source.diagnostic import Diagnostic, Span


def rewrite(name: str, path: Path, text: str) -> Diagnostic | None:
    """Write beside the file and rename. Its permissions stay, and a link goes on leading to where it led."""
    staged = ""
    try:
        target = path.resolve(strict=True)
        descriptor, staged = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode())
            os.fchmod(stream.fileno(), target.stat().st_mode & 0o7777)
        Path(staged).replace(target)
    except OSError as error:
        if staged:
            with contextlib.suppress(OSError):
                Path(staged).unlink()
        message = f"cannot write this file: {(error.strerror or str(error)).lower()}"
        return Diagnostic(codes.CANNOT_WRITE, message, Span(name), help="it is as it was; mend that and run fmt again")
    return None
