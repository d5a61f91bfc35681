"""A file of applications, decided and recorded: made by several processes, written by one.

A writer can only be one, since entries follow each other. So everything but an entry's place and
time is made elsewhere: worker processes read the file, score, explain, word and encrypt, and the
process that was asked puts what they made into the ledger, in the order of the file.
"""
