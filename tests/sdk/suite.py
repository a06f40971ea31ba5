"""Runs the whole test suite of the SDK in the working folder, each test under a time limit.

The SDK's tests wait for what the server sends without any deadline of their own: without a limit, a server that is wrong would not
fail them but hang them. The tests themselves are as their makers published them.
"""

import signal
import sys
import unittest

TEST_SECONDS_MAX = 60
# So many there are in the release that suite.txt names: none is skipped or not found unseen.
TESTS_LEN = 185


class Result(unittest.TextTestResult):
    """Ends a test that takes too long, wherever it hangs."""

    def startTest(self, test):
        super().startTest(test)

        def end(_signal, _frame):
            # The only kind of exception that the event loop lets through, and unittest too.
            raise SystemExit(f"no end after {TEST_SECONDS_MAX} s")

        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, TEST_SECONDS_MAX)

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTest(test)


def main():
    # The SDK's modules and its tests are found from its root.
    sys.path.insert(0, ".")
    pattern = sys.argv[1] if len(sys.argv) > 1 else None
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*"] if pattern else None
    tests = loader.discover("tests")
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(tests)
    whole = result.testsRun > 0 if pattern else result.testsRun == TESTS_LEN
    if not whole:
        print(f"{result.testsRun} tests were run, and {TESTS_LEN} there are", file=sys.stderr)
    return 0 if result.wasSuccessful() and not result.skipped and whole else 1


if __name__ == "__main__":
    sys.exit(main())
