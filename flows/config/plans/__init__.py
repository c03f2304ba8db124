"""Parts of the configuration that join several stages: what is screened, trained and evaluated, and how."""
