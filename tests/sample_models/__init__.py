"""The sample bundles: real data, honest labels, the same bytes every time."""
