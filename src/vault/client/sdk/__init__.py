"""The objects that an application holds.

`asynchronous` is written by hand. `synchronous` is made from it by `scripts/make-synchronous`: the same objects,
without `async` and `await`. What they do stands once, in the acts of `vault.client`.
"""
