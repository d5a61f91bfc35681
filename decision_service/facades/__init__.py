"""Three protocols of scoring servers, so that a scoring client changes nothing but its address.

What they ask is scored and recorded as ``score_only``: of no case and in no figure. A request that
names an application goes the whole way of ``POST /v1/decisions`` and is a decision.
"""
