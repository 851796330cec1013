"""Ctrl-C at every moment at which Python hears of it.

That is at the begin of a function and after a call of C. Where loops jump back is left out.
"""

import sys


class CtrlC:
    """Interrupts this thread once, at the n-th such moment within some modules; a context manager.

    Parameters
    ----------
    at : int
    modules : sequence of str
        Ends of the names of their files.
    """

    def __init__(self, at, modules):
        self._left = at
        self._modules = (*modules, "/threading.py", "/contextlib.py")

    @property
    def came(self):
        """Whether there were so many moments."""
        return self._left <= 0

    def _hear(self, frame, event, _):
        code = frame.f_code
        if event not in ("call", "c_return") or code.co_name == "__del__":
            return
        if code.co_filename.replace("\\", "/").endswith(self._modules):
            self._left -= 1
            if self._left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    def __enter__(self):
        sys.setprofile(self._hear)
        return self

    def __exit__(self, *failure):
        sys.setprofile(None)


def moments(*modules):
    """Give an interrupt for one moment after the other, until there are no more."""
    at = 1
    while True:
        ctrl_c = CtrlC(at, modules)
        yield ctrl_c
        if not ctrl_c.came:
            return
        at += 1
