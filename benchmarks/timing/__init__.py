"""Clocks and watches: seconds, processor seconds, memory and rates, of processes side by side."""
