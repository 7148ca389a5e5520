"""What every process that runs tests starts from."""

import signal


def pytest_configure() -> None:
    """Ctrl-C ends what tests start, also where a shell that put the tests into the background ignores it for them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
