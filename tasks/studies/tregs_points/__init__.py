"""The study `tregs-points`: what T-REG does to points before any network is involved, beside other regularisers."""
