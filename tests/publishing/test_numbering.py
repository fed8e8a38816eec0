"""What a certificate of number holds of files and folders."""

import hashlib
import json

from installation.publishing.numbering import CERTIFICATE, certified, summed
from installation.recording import takes
from tests.publishing import prints


def test_a_folder_is_summed_as_sha256sum_would_say_it():
    files = {"b/2.png": "22", "a.mkv": "11", "b/1.png": "33"}
    lines = "33  1.png\n22  2.png\n"
    assert summed(files) == {"a.mkv": "11", "b/": hashlib.sha256(lines.encode()).hexdigest()}


def test_a_take_without_a_certificate_or_with_a_damaged_one_has_no_checksums(tmp_path):
    take = takes.begun(tmp_path, {}, "owl.webp", prints.NOW, 0)
    assert certified(take) == {}
    for text in ("{", "[]", '{"sha256": 3}', json.dumps({"schema": 1})):
        (tmp_path / CERTIFICATE).write_text(text)
        assert certified(take) == {}
