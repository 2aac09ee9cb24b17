"""What the readers say of their own code in their content."""

from data_generators.images import write_image
from data_generators.real import version
from data_generators.real.negatives import NegativesSource
from data_generators.real.version import reader_version


def test_version_follows_code_and_decoders(monkeypatch, sample, tmp_path):
    write_image(tmp_path / "a.png", sample.image)
    before, fingerprint = reader_version(), NegativesSource(tmp_path).fingerprint()
    assert before == reader_version()
    monkeypatch.setattr(version, "READ_WITH", version.READ_WITH[1:])
    changed = reader_version()
    monkeypatch.setattr("PIL.__version__", "0.1")
    assert before[0] != changed[0] and "pillow 0.1" in reader_version()
    assert NegativesSource(tmp_path).fingerprint() != fingerprint
