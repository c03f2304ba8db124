"""Commands that look after the store: what is damaged, and what nobody needs."""
