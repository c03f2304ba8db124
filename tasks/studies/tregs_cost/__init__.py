"""The study `tregs-cost`: seconds of a whole self-supervised step, method by method, at equal batch."""
