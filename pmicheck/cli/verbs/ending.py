"""The end of a run that does not come to its end: what was decided is kept first, then the user is told why."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

from pmicheck.errors import Disagreement, LimitReached, OutputError, Stopped, UsageError


@contextlib.contextmanager
def keeping(keep: Callable[[str], str]) -> Iterator[None]:
    """Calls `keep` if a signal, a limit, want of memory, a failing output or a defect of pmicheck ends the block.

    Args:
        keep: writes what was decided; takes why the run ends and returns that with what became of it, as a sentence.

    Raises Stopped, LimitReached, OutputError and Disagreement with that sentence, UsageError and defects as they come.
    """
    try:
        yield
    except UsageError:
        raise
    except KeyboardInterrupt as error:
        number = error.number if isinstance(error, Stopped) else signal.SIGINT
        raise Stopped(number, keep("interrupted")) from None
    except MemoryError as error:
        raise LimitReached(keep("memory is exhausted")) from error
    except (LimitReached, OutputError, Disagreement) as error:
        raise type(error)(keep(str(error))) from error
    except Exception as error:
        keep(str(error))
        raise
