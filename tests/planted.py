"""Secrets of a user's environment, which no file and no output of the project may hold."""

from pathlib import Path

SECRETS = {
    "AWS_ACCESS_KEY_ID": "PLANTEDAWSID",
    "AWS_SECRET_ACCESS_KEY": "planted-aws-secret",
    "AWS_SESSION_TOKEN": "planted-aws-token",
    "AZURE_STORAGE_KEY": "planted-azure-key",
    "GITHUB_TOKEN": "planted-github-token",
    "HTTPS_PROXY": "http://me:planted-proxy-password@127.0.0.1:9",
    "KAGGLE_KEY": "planted-kaggle-key",
    "KAGGLE_USERNAME": "planted-kaggle-name",
}


def found_in(folder: Path) -> list[str]:
    """Name the secrets that a file below a folder holds."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in paths)
    assert len(written) > 100_000
    return [name for name, secret in SECRETS.items() if secret.encode() in written]
