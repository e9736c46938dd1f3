"""A worker that fails over files of certain names, as a hostile workbook would make the parser fail."""

import os
import signal
import sys
import time

from pipelines.worker import request_handlers, worker_child

_read_workbook = request_handlers.read_workbook


def fail(data: bytes, name: str, *rest, **more):
    if "杀死" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "睡" in name:
        time.sleep(60)
    if "空转" in name:
        while True:
            pass
    if "吃内存" in name:
        return bytearray(8 << 30)
    if "出错" in name:
        raise KeyError("一个缺陷")
    return _read_workbook(data, name, *rest, **more)


if __name__ == "__main__":
    request_handlers.read_workbook = fail
    sys.exit(worker_child.main())
