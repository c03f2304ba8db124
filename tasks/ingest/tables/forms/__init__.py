"""Files of tables, form by form: opened, and read a part at a time."""
