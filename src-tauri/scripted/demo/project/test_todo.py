import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import store
import todo


class TodoTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "tasks.json"

    def run_todo(self, *argv):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = todo.run(list(argv), self.path)
        return code, out.getvalue()

    def test_a_task_is_added_listed_and_done(self):
        self.assertEqual(self.run_todo("add", "Water the plants"), (0, "Added 1: Water the plants\n"))
        self.assertEqual(self.run_todo("list"), (0, "1  [ ]  Water the plants\n"))
        self.assertEqual(self.run_todo("done", "1"), (0, "Done: Water the plants\n"))
        self.assertEqual(self.run_todo("list"), (0, "1  [x]  Water the plants\n"))

    def test_a_task_that_does_not_exist_is_said(self):
        self.assertEqual(self.run_todo("done", "3"), (1, ""))


if __name__ == "__main__":
    unittest.main()
