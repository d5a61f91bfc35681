"""Statistics of what people decided, held against golden numbers and slow plain oracles."""
