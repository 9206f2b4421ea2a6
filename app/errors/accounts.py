"""Signing in, wallets, keys and roles."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput, Unauthenticated


class SignInMessageMalformed(InvalidInput):
    text = "This is not an EIP-4361 message as it was asked for: {reason}."


class RefreshTokenRefused(Unauthenticated):
    text = "This refresh token is not one that can be used; sign in again."


class RefreshTokenReused(Unauthenticated):
    text = "This refresh token was used before. Somebody may have a copy, so its session is ended; sign in again."


class CredentialInUrl(InvalidInput):
    text = "A credential stands in the URL, where logs keep it. Revoke it, and send the next one as a header."


class ScopeMissing(Forbidden):
    text = "This API key may not {scope}."


class SessionNeeded(Forbidden):
    text = "This takes a signed-in wallet; an API key cannot do it."


class RoleMissing(Forbidden):
    text = "This takes the role {role}, which this wallet does not have here."


class WalletNotLinked(Forbidden):
    text = "The wallet {wallet} is not one of this account's; link it first."


class FoundingWalletNeeded(Forbidden):
    text = "Only a session opened by the account's first wallet, {wallet}, may do this."


class FoundingWallet(Conflict):
    text = "The wallet {wallet} names this account and cannot leave it."


class WalletTaken(Conflict):
    text = "The wallet {wallet} belongs to an account with other wallets; it has to leave that one first."


class TooManyWallets(Conflict):
    text = "An account has at most {limit} wallets; unlink one first."


class TooManyApiKeys(Conflict):
    text = "An account has at most {limit} API keys; revoke one first."


class SignInRefused(Unauthenticated):
    """`rule` names the part of the message that is not what was asked for."""

    text = "The sign-in message is refused: its {rule} is not what it must be."
