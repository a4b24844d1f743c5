"""States: what one tab chose and what its owner may see; rebuilt from cookie and chain.

Every public method of a state is callable from any socket: private ones are prefixed, and whatever
touches an account starts with `await self._session()`.
"""
