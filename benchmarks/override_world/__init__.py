"""An open benchmark of override analysis: a lender whose truth is planted, and what methods find.

``python -m benchmarks.override_world`` scores methods on many such worlds; ``… generate DIR``
writes one world as plain files, with what is true of it apart.
"""
