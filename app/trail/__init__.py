"""The trail: which call changed what, in a chain of hashes whose head stands on the blockchain from time to time.

It is about calls. The books of money are compared by another thing, the package `audit`.
"""
