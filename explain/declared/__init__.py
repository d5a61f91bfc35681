"""What the files of a bundle declare: contract, codebook, policy, measures, card."""
