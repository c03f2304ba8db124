"""The study `tregs-retrieval`: CLIP fine-tuned with T-REGS and its neighbours, by retrieval and modality gap."""
