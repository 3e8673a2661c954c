"""Run as a program, never imported: `launch.py [CPU, MEMORY, FILE] PROGRAM WORD…` binds itself and becomes PROGRAM."""

import json
import os
import resource
import sys

if __name__ == "__main__":
    cpu, memory, file = json.loads(sys.argv[1])
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_FSIZE, file),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory),  # last: from here on little can be allocated
    ):
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)  # noqa: PLW2901
        resource.setrlimit(limit, (value, value))
    os.umask(0o077)
    os.execve(sys.argv[2], sys.argv[2:], dict(os.environ))  # noqa: S606
