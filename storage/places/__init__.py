"""Where inputs lie: paths of this machine, and URLs that fsspec reads. Everything that reads a source asks here."""
