"""The decoder of deltas that the Python SDK has, on the vectors that `src/live/delta/tests.rs` holds the encoder to."""

import json
import pathlib
import unittest

from centrifuge.fossil import apply_delta


class TestDelta(unittest.TestCase):
    def test_patches_make_the_new_out_of_the_old(self):
        lines = pathlib.Path(__file__).with_name("delta_vectors.jsonl").read_text(encoding="utf-8").splitlines()
        self.assertGreater(len(lines), 15)
        for line in lines:
            vector = json.loads(line)
            with self.subTest(vector["name"]):
                read = str.encode if vector["is_text"] else bytes.fromhex
                old, new = (b"".join(read(text) * times for text, times in vector[key]) for key in ("old", "new"))
                self.assertEqual(apply_delta(old, read(vector["patch"])), new)
